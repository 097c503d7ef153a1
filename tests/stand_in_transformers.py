"""A stand-in with the interface of the package transformers, where it is not installed.

One classifier and one CLIP-like model; `tests/networks/test_huggingface.py` uses the package itself
where it can.
"""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, Self

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn


class _Config(SimpleNamespace):
    model_type = ""
    num_labels = 2

    @property
    def id2label(self) -> dict[int, str]:
        return {number: f"LABEL_{number}" for number in range(self.num_labels)}


class ViTConfig(_Config):
    model_type = "vit"
    num_channels = 3


class CLIPConfig(_Config):
    model_type = "clip"

    def __init__(self, vision_config: Any, **options: Any) -> None:
        options.pop("text_config", None)
        vision = vision_config if isinstance(vision_config, dict) else vars(vision_config)
        super().__init__(vision_config=ViTConfig(**vision), **options)


CONFIGS: dict[str, type[_Config]] = {"vit": ViTConfig, "clip": CLIPConfig}


class AutoConfig:
    @classmethod
    def from_pretrained(cls, folder: Path, local_files_only: bool, trust_remote_code: bool) -> Any:
        assert local_files_only
        assert not trust_remote_code
        path = Path(folder, "config.json")
        if not path.is_file():
            raise OSError(f"{folder} does not appear to have a file named config.json")
        content = json.loads(path.read_text())
        if content.pop("model_type", None) not in CONFIGS:
            raise ValueError("Unrecognized model")
        return CONFIGS[json.loads(path.read_text())["model_type"]](**content)


class _Model(nn.Module):
    base_model_prefix: ClassVar[str]

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = config

    def save_pretrained(self, folder: Path) -> None:
        content = {"model_type": self.config.model_type, **vars(self.config)}
        Path(folder, "config.json").write_text(json.dumps(content, default=vars))
        save_file(self.state_dict(), Path(folder, "model.safetensors"))

    @classmethod
    def from_config(cls, config: Any, trust_remote_code: bool) -> Self:
        assert not trust_remote_code
        return cls(config)

    @classmethod
    def from_pretrained(
        cls,
        folder: Path,
        config: Any,
        local_files_only: bool,
        trust_remote_code: bool,
        use_safetensors: bool,
        ignore_mismatched_sizes: bool,
        output_loading_info: bool,
    ) -> tuple[Self, dict[str, Any]]:
        assert local_files_only
        assert use_safetensors
        assert ignore_mismatched_sizes
        assert output_loading_info
        path = Path(folder, "model.safetensors")
        if not path.is_file():
            raise OSError(f"no file named model.safetensors found in directory {folder}")
        model, state = cls.from_config(config, trust_remote_code), load_file(path)
        own = model.state_dict()
        shared = own.keys() & state.keys()
        fitting = {name for name in shared if own[name].shape == state[name].shape}
        model.load_state_dict({name: state[name] for name in fitting}, strict=False)
        info = {
            "missing_keys": own.keys() - state.keys(),
            "unexpected_keys": state.keys() - own.keys(),
            "mismatched_keys": {
                (name, state[name].shape, own[name].shape) for name in shared - fitting
            },
        }
        return model.eval(), info


class _Layer(nn.Module):
    """Attention of one head, with separate queries, keys and values."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(size)
        self.q_proj, self.k_proj, self.v_proj = (nn.Linear(size, size) for _ in range(3))

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.norm(tokens)
        q, k, v = (project(x)[:, None] for project in (self.q_proj, self.k_proj, self.v_proj))
        return tokens + nn.functional.scaled_dot_product_attention(q, k, v)[:, 0]


class _Vision(nn.Module):
    def __init__(self, config: Any) -> None:
        super().__init__()
        size, patch = config.hidden_size, config.patch_size
        self.cls_token = nn.Parameter(torch.randn(1, 1, size))
        self.patches = nn.Conv2d(config.num_channels, size, patch, patch)
        self.layers = nn.Sequential(*(_Layer(size) for _ in range(config.num_hidden_layers)))
        self.norm = nn.LayerNorm(size)

    def forward(self, pixel_values: Tensor) -> Tensor:
        patches = self.patches(pixel_values).flatten(2).mT
        tokens = torch.cat([self.cls_token.expand(len(patches), -1, -1), patches], 1)
        first: Tensor = self.norm(self.layers(tokens))[:, 0]
        return first


class ViTForImageClassification(_Model):
    base_model_prefix = "vit"

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.vit = _Vision(config)
        self.classifier = nn.Linear(config.hidden_size, config.num_labels)

    def forward(self, pixel_values: Tensor) -> Any:
        return SimpleNamespace(logits=self.classifier(self.vit(pixel_values)))


class CLIPForImageClassification(_Model):
    base_model_prefix = "clip"

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.vision_model = _Vision(config.vision_config)
        self.classifier = nn.Linear(config.vision_config.hidden_size, config.num_labels)

    def forward(self, pixel_values: Tensor) -> Any:
        return SimpleNamespace(logits=self.classifier(self.vision_model(pixel_values)))


class CLIPModel(_Model):
    base_model_prefix = "clip"

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        vision = config.vision_config
        self.vision_model = _Vision(vision)
        self.visual_projection = nn.Linear(vision.hidden_size, config.projection_dim, bias=False)
        self.text_model = nn.Embedding(10, 4)
        self.text_projection = nn.Linear(4, config.projection_dim, bias=False)
        self.logit_scale = nn.Parameter(torch.tensor(2.6592))

    def get_image_features(self, pixel_values: Tensor) -> Any:
        embedding = self.visual_projection(self.vision_model(pixel_values))
        return SimpleNamespace(pooler_output=embedding)


class AutoModelForImageClassification:
    @classmethod
    def from_config(cls, config: Any, trust_remote_code: bool) -> Any:
        return cls._kind(config).from_config(config, trust_remote_code)

    @classmethod
    def from_pretrained(cls, folder: Path, config: Any, **options: Any) -> Any:
        return cls._kind(config).from_pretrained(folder, config, **options)

    @staticmethod
    def _kind(config: Any) -> type[_Model]:
        clip = config.model_type == "clip"
        return CLIPForImageClassification if clip else ViTForImageClassification


class AutoModel:
    @classmethod
    def from_pretrained(cls, folder: Path, config: Any, **options: Any) -> Any:
        kind = CLIPModel if config.model_type == "clip" else ViTForImageClassification
        return kind.from_pretrained(folder, config, **options)
