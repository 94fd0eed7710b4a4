"""Rates of devices, and the share of a rate that a kernel of some kind reaches. All assumptions of predict.py are here.

Sources of the rates: NVIDIA's data sheets of H200, H100 SXM5 and A100 SXM4 80 GB (bandwidth and dense FLOP/s, without
sparsity), the H100 and A100 architecture white papers (multiprocessors, registers, shared memory, L2, one warp
instruction a clock in each of the four schedulers of a multiprocessor). Clocks are those under load rather than the
boost clock of 1.98 and 1.41 GHz, since products of bfloat16 run at the power limit. Latencies in clocks are estimates
for a loaded device, one and a half times what Luo et al. 2024 (arXiv:2402.13499) measure on an idle one. Latencies
within a multiprocessor are theirs, rounded up. Three shares come from a trace of all kernels of a step on an H100
(benchmarks/results/cuda_nvidia_h100_80gb_hbm3.md).
"""
from dataclasses import dataclass

MEMORY_FLOOR = 0.90   # of the data sheet's bandwidth: what a plain copy reaches, the floor of every pass over memory
MEMORY = 0.92         # of that: a pass with full loads in flight that also computes; measured on an H100
PRODUCT_FLOOR = 0.80  # of the data sheet's FLOP/s: cuBLAS on large bfloat16 products at the power limit (790 of 989)
PRODUCT = 0.89        # of that, and of the share of a wave that its tiles fill; measured on an H100
ATTENTION = 0.60      # of the rate that attention's busiest unit allows; measured on an H100
NODE_SECONDS = 1e-6   # one node of a graph after the other: launch and drain; measured between nodes on an H100: 0.6 us
RESERVED_SHARED = 1024  # bytes of shared memory that each block takes for the system
MMA_LATENCY = 33      # clocks until the result of an mma.sync, m16n8k16 of bfloat16 or m16n8k8 of TF32, can be used
SHARED_LATENCY = 33   # of an ldmatrix or another read of shared memory
SFU_LATENCY = 24      # of a special function; estimate
SHUFFLE_LATENCY = 25  # of an exchange within a warp
SFU = 8               # clocks for which a warp occupies a scheduler's special-function unit: 4 lanes a clock

# Rows and columns of a block's tile of a product, and its rate relative to the best: fewer operands are shared.
TILES = ((128, 256, 1.00), (256, 128, 1.00), (128, 192, 0.97), (192, 128, 0.97), (128, 128, 0.90), (64, 256, 0.88),
         (256, 64, 0.88), (64, 128, 0.75), (64, 64, 0.5))
SPLITS = (1, 2, 3, 4, 6, 8, 12, 16, 22)  # of a long sum over several blocks, at 96 % of the rate


@dataclass(frozen=True)
class Device:
    name: str
    multiprocessors: int
    clock: float             # Hz
    bandwidth: float         # bytes a second, data sheet
    flops: dict              # dense, data sheet
    shared: int              # bytes of a multiprocessor
    l1: float
    l2: float
    memory: float            # latencies in clocks, under load
    mma: float               # clocks for which an mma.sync occupies a scheduler's tensor core
    instructions: int = 4    # warp instructions a clock of a multiprocessor
    registers: int = 65536
    warps: int = 64
    blocks: int = 32

    def resident_warps(self, kernel_registers, threads, shared, blocks):
        """Warps that run at a time on a multiprocessor, on average: less than one if most have nothing to do."""
        of_block = threads / 32
        by_registers = self.registers // (-(-kernel_registers // 8) * 8 * threads)
        fit = min(self.blocks, self.warps // of_block, by_registers, self.shared // (shared + RESERVED_SHARED))
        return min(max(fit, 1), blocks / self.multiprocessors) * of_block

    def issue_seconds(self, instructions):
        return instructions / (self.multiprocessors * self.instructions * self.clock)

    def tile_share(self, m, n, k):
        """Share of the rate that the best tile of a product leaves: the last wave is not full."""
        best = 0
        for rows, columns, rate in TILES:
            tiles = -(-m // rows) * -(-n // columns)
            for split in SPLITS if k > 8192 else (1,):
                filled = tiles * split / (-(-tiles * split // self.multiprocessors) * self.multiprocessors)
                best = max(best, rate * filled * m * n / (rows * columns * tiles) * (1 if split == 1 else 0.96))
        return best


# mma.sync m16n8k16: 4,096 FLOP, of which a scheduler's tensor core makes 1,024 a clock on Hopper and 512 on Ampere. On
# Hopper mma.sync reaches 62 % of that rate, which only wgmma reaches (Luo et al.). TF32, m16n8k8: half of both.
MMA_SHARE = 0.62
DEVICES = {d.name: d for d in (
    Device("h200", 132, 1.755e9, 4.8e12, {"bf16": 989e12, "tf32": 494e12, "fp32": 67e12}, 228 * 1024, 33, 390, 780,
           4 / MMA_SHARE),
    Device("h100", 132, 1.755e9, 3.35e12, {"bf16": 989e12, "tf32": 494e12, "fp32": 67e12}, 228 * 1024, 33, 390, 780,
           4 / MMA_SHARE),
    Device("a100", 108, 1.41e9, 2.039e12, {"bf16": 312e12, "tf32": 156e12, "fp32": 19.5e12}, 164 * 1024, 33, 290, 690,
           8),
)}
