#!/usr/bin/env python3
"""Makes positions.safetensors with timm: tables of positions for other grids, and an image encoder at another size.

from_G            a table of positions for G x G patches behind a class token, random numbers
from_G_to_N       what resample_abs_pos_embed makes of it for N x N patches, with its defaults
deit_for_24       the table of deit.pth, which is for pictures of 16 x 16 pixels, for 24 x 24
images            pictures of 24 x 24 pixels
image_tokens      what timm's VisionTransformer computes from them with the weights of deit.pth

Made with torch 2.15.0, timm 1.0.31, safetensors 0.8.0 (pip).
"""
import pathlib

import torch
from safetensors.torch import save_file
from timm.layers.pos_embed import resample_abs_pos_embed
from timm.models.vision_transformer import VisionTransformer, checkpoint_filter_fn

here = pathlib.Path(__file__).parent
torch.manual_seed(17)
torch.use_deterministic_algorithms(True)

width, tables = 3, {}
for grid, others in {1: [3], 2: [3, 5], 3: [7], 4: [2, 1], 7: [3, 5], 14: [24, 9], 24: [14]}.items():
    table = torch.randn(1, 1 + grid * grid, width)
    tables[f"from_{grid}"] = table
    for other in others:
        tables[f"from_{grid}_to_{other}"] = resample_abs_pos_embed(table, new_size=[other, other]).contiguous()

vit = VisionTransformer(img_size=24, patch_size=8, embed_dim=32, depth=2, num_heads=2, num_classes=3)
weights = torch.load(here / "deit.pth", weights_only=True)["model"]
vit.load_state_dict(checkpoint_filter_fn(weights, vit))
images = torch.randn(2, 3, 24, 24)
with torch.no_grad():
    tokens = vit.eval().forward_features(images)
encoder = {"deit_for_24": vit.pos_embed.detach().clone(), "images": images, "image_tokens": tokens.contiguous()}
save_file(tables | encoder, here / "positions.safetensors")
