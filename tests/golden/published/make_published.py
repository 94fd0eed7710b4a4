#!/usr/bin/env python3
"""Makes the weight files of this folder with timm and transformers, small and with random weights.

deit.pth                     timm's VisionTransformer: {"model": weights}, as DeiT is published
bert.bin, bert.safetensors   BertForPreTraining of transformers: with old names of layer norms, and with today's
bare.safetensors             BertModel of transformers: no prefix, no masked-language head
expected.safetensors         inputs, and what the two packages compute from them

Made with torch 2.15.0, timm 1.0.31, transformers 5.24.0, safetensors 0.8.0 (pip).
"""
import pathlib

import torch
from safetensors.torch import save_file
from timm.models.vision_transformer import VisionTransformer
from transformers import BertConfig, BertForPreTraining

here = pathlib.Path(__file__).parent
torch.manual_seed(16)
torch.use_deterministic_algorithms(True)


def shaken(module):
    """The module with normal numbers instead of zeros and ones, so that no parameter is without effect."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape))
    return module.eval()


def old_names(weights):
    return {name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): tensor
            for name, tensor in weights.items()}


vit = shaken(VisionTransformer(img_size=16, patch_size=8, embed_dim=32, depth=2, num_heads=2, num_classes=3))
torch.save({"model": vit.state_dict()}, here / "deit.pth")

bert = shaken(BertForPreTraining(BertConfig(
    vocab_size=29, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48,
    max_position_embeddings=12, attn_implementation="eager")))
weights = bert.state_dict()
torch.save(old_names(weights), here / "bert.bin")
apart = {name: tensor.clone() for name, tensor in weights.items()}  # safetensors writes no shared storages
save_file(apart, here / "bert.safetensors")
save_file({name: tensor.clone() for name, tensor in bert.bert.state_dict().items()}, here / "bare.safetensors")

images = torch.randn(2, 3, 16, 16)
ids = torch.randint(1, 29, (2, 6))
mask = torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0]])
with torch.no_grad():
    tokens = vit.forward_features(images)
    text = bert.bert(input_ids=ids, attention_mask=mask).last_hidden_state
    scores = bert(input_ids=ids, attention_mask=mask).prediction_logits
save_file({"images": images, "image_tokens": tokens.contiguous(), "ids": ids, "mask": mask, "text_tokens": text,
           "word_scores": scores}, here / "expected.safetensors")
