"""Makes records that a comparison must reject: damage.py RECORD FOLDER.

flipped_gradient.safetensors  one element of one gradient has the other sign
unknown_tensor.safetensors    one more tensor, with a name that no program knows
"""
import json
import pathlib
import struct
import sys

record, folder = pathlib.Path(sys.argv[1]).read_bytes(), pathlib.Path(sys.argv[2])
size = struct.unpack("<Q", record[:8])[0]
header, data = json.loads(record[8:8 + size]), bytearray(record[8 + size:])


def write(name, tensors, values):
    text = json.dumps(tensors, separators=(",", ":"))
    text = (text + " " * (-len(text) % 8)).encode()
    (folder / name).write_bytes(struct.pack("<Q", len(text)) + text + values)


# A float32 is negative when the top bit of its last byte is set. The largest element, so that it is not rounding noise.
begin, end = header["grad.ctp.vision_proj.weight"]["data_offsets"]
values = struct.unpack(f"<{(end - begin) // 4}f", data[begin:end])
largest = max(range(len(values)), key=lambda i: abs(values[i]))
flipped = bytearray(data)
flipped[begin + 4 * largest + 3] ^= 0x80
write("flipped_gradient.safetensors", header, flipped)

more = {**header, "loss.finetune.unheard_of": {"dtype": "F32", "shape": [1], "data_offsets": [len(data), len(data) + 4]}}
write("unknown_tensor.safetensors", more, data + struct.pack("<f", 1.0))
