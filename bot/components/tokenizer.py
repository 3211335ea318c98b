"""Jieba with a cache folder of its own."""

from __future__ import annotations

import os
from pathlib import Path

import jieba
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.jieba_tokenizer import JiebaTokenizer


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=True)
class HotlineTokenizer(JiebaTokenizer):
    """Cuts words with Jieba and the dictionaries in `intents/dictionary`.

    Jieba keeps its cache in the system's temporary folder, where the file belongs to whoever
    came first and anybody may replace it; ours lies in the folder HOTLINE_DATA_DIR names.
    """

    @staticmethod
    def _load_custom_dictionary(path: str) -> None:
        cache = Path(os.environ.get("HOTLINE_DATA_DIR", "data")) / "jieba"
        cache.mkdir(parents=True, exist_ok=True)
        jieba.dt.tmp_dir = str(cache)
        JiebaTokenizer._load_custom_dictionary(path)
