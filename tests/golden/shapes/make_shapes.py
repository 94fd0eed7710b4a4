"""Writes names and shapes of all parameters of the executable specification, tests/oracle: make_shapes.py.

One parameter per line, in the order in which the model registers them: name, then the extents.
"""
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "oracle"))
import ctp_oracle as O  # noqa: E402

here = pathlib.Path(__file__).parent
tiny = O.Config(image=64, patch=8, vision_width=96, vision_depth=4, vision_heads=3, vocab=500, text_width=96, text_layers=4,
                fusion_layer=2, text_heads=3, intermediate=384, positions=64, embed=64, queue=256)
odd = O.Config(image=15, patch=5, vision_width=14, vision_depth=1, vision_heads=2, vocab=37, text_width=18, text_layers=3,
               fusion_layer=2, text_heads=3, intermediate=22, positions=9, types=3, embed=7, queue=9)
for name, config in (("tiny", tiny), ("odd", odd)):
    lines = (f"{key} {' '.join(map(str, shape))}\n" for key, shape in O.parameter_shapes(config).items())
    (here / f"{name}.txt").write_text("".join(lines))
