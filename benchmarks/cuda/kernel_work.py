"""What each launch reads, writes and computes, from the numbers that launch_list prints of it.

PARTS lists the parts of a step in the order of the table. `part_of`, `bytes_of` and `flops_of` look at one launch; a
kernel that they do not know has no bytes and is listed under "unknown kernels", so that the table says what it lacks.
"""
import re

IMAGE_ROWS = 25000  # products with that many rows multiply tokens of images; the vocabulary has fewer words
IMAGE_TOKENS = 64   # attention of that many queries and keys is that of the image encoder

PARTS = ("attention of images, forward", "attention of images, backward", "attention of texts, forward",
         "attention of texts, backward", "products with image rows", "other products", "GELU",
         "gradient through GELU", "gradients of results: rounding, bias sums", "sums of parts", "layer norms, forward",
         "layer norms, backward", "gain and bias sums", "rounding of operands", "scatter of rows", "zeroing",
         "AdamW, momentum, probe", "residual gradients", "losses", "the rest", "unknown kernels")


def base(launch):
    """Name of the body without what launches it."""
    name = launch.get("kernel", "")
    inner = re.fullmatch(r"(?:ForEachKernel|EachRowByWarp|EachRowByBlock)<(.*)>", name)
    return inner.group(1) if inner else name


def sizes_of(launch):
    """Bytes of the numbers that the last of the innermost template arguments name, in their order."""
    return [2 if name == "Bfloat16" else 4 for name in re.findall("<([^<>]*)>", base(launch))[-1].split(",")]


def rows_of(launch):
    return launch.get("rows", launch["blocks"])


def shape(launch):
    """(batch * heads, queries, keys, width) of an attention."""
    return launch["batch"] * launch["heads"], launch["queries"], launch["keys"], launch["width"]


def attention_bytes(launch, per_query, per_key):
    """Bytes of whole rows of queries and of keys, each read or written once. On tensor cores each block of a head reads
    all rows of the other side; a side that shared memory has in several chunks is read again from the L2 cache."""
    heads, queries, keys, width = shape(launch)
    if "KeyGradient" in key_of(launch):
        queries *= launch.get("blocks_of_head", 1)
    else:
        keys *= launch.get("blocks_of_head", 1)
    return heads * width * (queries * per_query + keys * per_key)


def gradient(launch):
    """Bytes of a number of a gradient that is written, or read and written."""
    return 2 if "Bfloat16" in base(launch) else 4 if launch["overwrite"] else 8


def of_result(launch):
    """Bytes that ResultGradient reads and writes of a number."""
    _, gradient_size, before_size = sizes_of(launch)
    return gradient_size + before_size * launch["before"] + launch["to"]


def columns_at_once(launch):
    """Columns of a thread, which its "columns" and "n" count as one."""
    return 4 if "OfFour" in base(launch) else 1


def matrix(launch, each):
    return columns_at_once(launch) * (rows_of(launch) * launch["columns"] * each + 4 * launch["n"])


# Bytes of a launch by the name of its body; n is the number of elements of a ForEachKernel.
BYTES = {
    "Gelu": lambda l: l["n"] * (sizes_of(l)[1] + l["y"]),
    "GeluOfFour": lambda l: 4 * l["n"] * (sizes_of(l)[1] + l["y"]),
    "ResultGradient": lambda l: l["n"] * of_result(l),
    "PartialColumnSums<float,ResultGradient>": lambda l: matrix(l, of_result(l)),
    "PartialColumnSums<float,Element>": lambda l: matrix(l, sizes_of(l)[1]),
    "PartialColumnSums<Neighbours,ResultGradientOfFour>": lambda l: matrix(l, of_result(l)),
    "PartialColumnSums<Neighbours,ElementOfFour>": lambda l: matrix(l, sizes_of(l)[1]),
    "PartialColumnSums<float,PositionTerm>": lambda l: matrix(l, 4),
    "PartialColumnSums<Two,GainAndBiasTerm>": lambda l: matrix(l, 4 + sizes_of(l)[1]) + 4 * l["n"],
    "AddParts": lambda l: l["columns"] * 4 * (l["parts"] + 2) * (2 if "Two" in base(l) else 1),
    "LayerNorm": lambda l: rows_of(l) * l["d"] * (4 + 8 * l["h"] + l["y"]),
    "LayerNormBackward": lambda l: rows_of(l) * l["d"] * (4 + sizes_of(l)[1] + 8 * l["dx"] + 8 * l["dh"]),
    "LayerNormWide": lambda l: rows_of(l) * l["d"] * (4 + 8 * l["h"] + l["y"]),
    "LayerNormBackwardWide": lambda l: l["d"] * (
        rows_of(l) * (4 + sizes_of(l)[1] + 8 * l["dx"] + 8 * l["dh"]) + 8 * l["blocks"]),
    "RoundRows": lambda l: l["n"] * 6,
    "PackRows": lambda l: l["n"] * (4 + l["to"]),
    "Pack": lambda l: l["n"] * (4 + l["to"]),
    "PackFour": lambda l: 4 * l["n"] * (4 + l["to"]),
    "AttentionDelta": lambda l: rows_of(l) * l["width"] * (l["d_o"] + l["o"]),
    "ScatterAddRows": lambda l: l["n"] * l["d"] * 12,
    "AdamW": lambda l: l["n"] * (32 + l.get("along", 0)),
    "AdamWOfFour": lambda l: 4 * l["n"] * (32 + l.get("along", 0)),
    "AverageOfTwoFours": lambda l: 4 * l["n"] * (16 + l.get("along", 0)),
    "AverageOfTwo": lambda l: l["n"] * (16 + l.get("along", 0)),
    "Average": lambda l: l["n"] * (12 + l.get("along", 0)),
    "PartialSum<FiniteProbe>": lambda l: l["n"] * 4,
    "PartialSum<StoredSum>": lambda l: l["n"] * 8,
    "WritePendingRow": lambda l: 64,
    "AddScaled": lambda l: l["n"] * 12,
    "AddScaledBy": lambda l: l["n"] * 12,
    "AddScaledRows": lambda l: l["n"] * 12,
    "Multiply": lambda l: l["n"] * (12 + 4 * l["accumulate"]),
    "DropElements": lambda l: l["n"] * (8 + 4 * l["accumulate"]),
    "Fill": lambda l: l["n"] * 4,
    "Ramp": lambda l: l["n"] * 4,
    "ZeroEach": lambda l: l["n"] * 4,
    "CopyEach": lambda l: l["n"] * 8,
    "SetDiagonal": lambda l: l["n"] * 4,
    "PaddingBias": lambda l: l["n"] * 8,
    "NormalizePixels": lambda l: l["n"] * 15,
    "Patches": lambda l: l["n"] * (4 + l["y"]),
    "PatchesOfFour": lambda l: 4 * l["n"] * (4 + l["y"]),
    "Embed": lambda l: l["n"] * 16,
    "PrependClassToken": lambda l: l["n"] * 8,
    "PrependClassTokenOfFour": lambda l: 4 * l["n"] * 8,
    "PrependClassTokenBackward": lambda l: l["n"] * 12,
    "PrependClassTokenBackwardOfFour": lambda l: 4 * l["n"] * 12,
    "GatherRows": lambda l: l["n"] * 8,
    "TakeRows": lambda l: l["n"] * 8,
    "AddTakenRows": lambda l: l["n"] * 12,
    "NormalizeRows": lambda l: rows_of(l) * l["d"] * 8,
    "NormalizeRowsBackward": lambda l: rows_of(l) * l["d"] * 16,
    "CrossEntropy": lambda l: rows_of(l) * l["m"] * 4,
    "CrossEntropyBackward": lambda l: rows_of(l) * l["m"] * 12,
    "SoftCrossEntropy": lambda l: rows_of(l) * l["m"] * 8,
    "SoftCrossEntropyBackward": lambda l: rows_of(l) * l["m"] * 16,
    "Dot": lambda l: l["n"] * 8,
    "Map": lambda l: l["n"] * 8,
    "MapBackward": lambda l: l["n"] * 16,
    "Attention": lambda l: attention_bytes(l, 8, 8),
    "AttentionQueryGradient": lambda l: attention_bytes(l, 8 + gradient(l), 8),
    "AttentionKeyGradient": lambda l: attention_bytes(l, 8, 8 + 2 * gradient(l)),
    "TensorAttention": lambda l: attention_bytes(l, l["q"] + l["o"], 2 * l["q"]),
    "TensorQueryGradient": lambda l: attention_bytes(l, l["q"] + l["d_o"] + l["o"] + gradient(l), 2 * l["q"]),
    "TensorKeyGradient": lambda l: attention_bytes(l, l["q"] + l["d_o"], 2 * l["q"] + 2 * gradient(l)),
}
PRODUCTS_OF = {"Attention": 2, "AttentionQueryGradient": 3, "AttentionKeyGradient": 4,  # queries x keys x width
               "TensorAttention": 2, "TensorQueryGradient": 3, "TensorKeyGradient": 4}


def key_of(launch):
    """The name in BYTES: with its template arguments, but for the types of a term's numbers, or without."""
    name = re.sub("(ResultGradient|GainAndBiasTerm|Element|ResultGradientOfFour|ElementOfFour|Neighbours)<[^<>]*>",
                  r"\1", base(launch))
    return name if name in BYTES else name.split("<")[0]


def bytes_of(launch):
    """Bytes read and written once; None for a kernel without a formula."""
    if "transfer" in launch:
        return launch["bytes"] * {"zero": 1, "copy": 2}.get(launch["transfer"], 0)  # the bus has its own time
    if "product" in launch:
        operand = 2 if launch["product"] == "bf16" else 4
        m, n, k = launch["m"], launch["n"], launch["k"]
        result = operand if launch.get("packed") else 8 if launch.get("adds") else 4
        return operand * (m * k + k * n) + result * m * n
    formula = BYTES.get(key_of(launch))
    return formula(launch) if formula else None


def flops_of(launch):
    if "product" in launch:
        return 2 * launch["m"] * launch["n"] * launch["k"]
    products = PRODUCTS_OF.get(key_of(launch), 0)
    if not products:
        return 0
    heads, queries, keys, width = shape(launch)
    return 2 * products * heads * queries * keys * width


PART_OF = {"Gelu": "GELU", "GeluOfFour": "GELU", "AddParts": "sums of parts", "LayerNorm": "layer norms, forward",
           "LayerNormWide": "layer norms, forward", "LayerNormBackwardWide": "layer norms, backward",
           "LayerNormBackward": "layer norms, backward",
           "PartialColumnSums<Two,GainAndBiasTerm>": "gain and bias sums",
           "PartialColumnSums<float,Element>": "gradients of results: rounding, bias sums",
           "PartialColumnSums<Neighbours,ElementOfFour>": "gradients of results: rounding, bias sums",
           "RoundRows": "rounding of operands", "Pack": "rounding of operands", "PackRows": "rounding of operands",
           "PackFour": "rounding of operands", "ScatterAddRows": "scatter of rows", "AdamW": "AdamW, momentum, probe",
           "AdamWOfFour": "AdamW, momentum, probe", "AverageOfTwoFours": "AdamW, momentum, probe",
           "AverageOfTwo": "AdamW, momentum, probe", "Average": "AdamW, momentum, probe",
           "PartialSum<FiniteProbe>": "AdamW, momentum, probe", "PartialSum<StoredSum>": "AdamW, momentum, probe",
           "AddScaled": "residual gradients", "CrossEntropy": "losses", "CrossEntropyBackward": "losses",
           "SoftCrossEntropy": "losses", "SoftCrossEntropyBackward": "losses", "Dot": "losses"}


def part_of(launch):
    if "product" in launch:
        return "products with image rows" if max(launch["m"], launch["k"]) >= IMAGE_ROWS else "other products"
    if "transfer" in launch:
        return "zeroing" if launch["transfer"] == "zero" else "the rest"
    name = key_of(launch)
    if name in PRODUCTS_OF:
        of = "images" if launch["queries"] == launch["keys"] >= IMAGE_TOKENS else "texts"
        return f"attention of {of}, {'backward' if 'Gradient' in name else 'forward'}"
    if "ResultGradient" in name:
        return "gradient through GELU" if launch["before"] else "gradients of results: rounding, bias sums"
    if name not in BYTES:
        return "unknown kernels"
    return PART_OF.get(name, "the rest")
