"""Which act a message is: a linear machine over characters, words and the sentence vector."""

from __future__ import annotations

from typing import Any, cast

import numpy
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, hstack
from scipy.special import log_softmax, softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.svm import LinearSVC

RANKED = 3
FOLDS = 4
_FILE = "acts.skops"
# What the file holds besides arrays and scikit-learn's own; anything else is refused.
_OURS = ["scipy.sparse._csr.csr_matrix"]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class ActClassifier(IntentClassifier, GraphComponent):
    """Names the act with a confidence between 0 and 1.

    Margins become confidences by one factor, learnt on examples left out in turn, so that half of
    what is said with a confidence of 0.5 is right.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        """The sentence vector comes from a featurizer, the words from the tokenizer before it."""
        return [Featurizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`C`: how closely the examples are followed."""
        return {"C": 1.0}

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        """An untrained classifier."""
        self._config = config
        self._storage = storage
        self._resource = resource
        self._characters = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True)
        self._words = TfidfVectorizer(
            token_pattern=r"\S+", ngram_range=(1, 2), sublinear_tf=True, lowercase=False
        )
        self._machine = self._new_machine()
        self._factor = 1.0

    def _new_machine(self) -> LinearSVC:
        return LinearSVC(C=self._config["C"], class_weight="balanced", random_state=0)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ActClassifier:
        """Return an untrained classifier."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> ActClassifier:
        """Return the trained classifier of a model."""
        import skops.io

        loaded = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            parts = skops.io.load(folder / _FILE, trusted=_OURS)
        loaded._characters, loaded._words = parts["characters"], parts["words"]
        loaded._machine, loaded._factor = parts["machine"], parts["factor"]
        return loaded

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from the examples, and how far its margins can be trusted."""
        examples = [m for m in training_data.intent_examples if m.get(TEXT) and m.get(INTENT)]
        acts = numpy.array([m.get(INTENT) for m in examples])
        self._characters.fit([m.get(TEXT) for m in examples])
        self._words.fit([_words_of(m) for m in examples])
        features = self._features(examples)
        self._machine.fit(features, acts)
        margins = cross_val_predict(
            self._new_machine(),
            features,
            acts,
            cv=StratifiedKFold(FOLDS, shuffle=True, random_state=0),
            method="decision_function",
        )
        truth = numpy.searchsorted(self._machine.classes_, acts)
        self._factor = _best_factor(margins, truth)
        self._persist()
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Set act and confidence of each message, and the runners-up."""
        spoken = [message for message in messages if message.get(TEXT)]
        if not spoken:
            return messages
        margins = self._machine.decision_function(self._features(spoken))
        for message, row in zip(spoken, softmax(margins * self._factor, axis=1), strict=True):
            ranked = [
                {"name": str(self._machine.classes_[place]), "confidence": float(row[place])}
                for place in numpy.argsort(-row)[:RANKED]
            ]
            message.set(INTENT, ranked[0], add_to_output=True)
            message.set("intent_ranking", ranked, add_to_output=True)
        return messages

    def _features(self, messages: list[Message]) -> csr_matrix:
        vectors = [message.get_dense_features(TEXT)[1].features[0] for message in messages]
        parts = (
            self._characters.transform([message.get(TEXT) for message in messages]),
            self._words.transform([_words_of(message) for message in messages]),
            csr_matrix(numpy.stack(vectors)),
        )
        return cast(csr_matrix, hstack(parts).tocsr())

    def _persist(self) -> None:
        import skops.io

        parts = {
            "characters": self._characters,
            "words": self._words,
            "machine": self._machine,
            "factor": self._factor,
        }
        with self._storage.write_to(self._resource) as folder:
            skops.io.dump(parts, folder / _FILE)


def _words_of(message: Message) -> str:
    """The words with marks where the message begins and ends, which tell "吗" from "…吗"."""
    tokens = [token.text for token in message.get(TOKENS_NAMES[TEXT]) or []]
    return " ".join(["^", *tokens, "$"])


def _best_factor(margins: Any, truth: Any) -> float:
    """The factor on ``margins`` (examples x acts) that makes the right acts likeliest."""
    rows = numpy.arange(len(truth))

    def surprise(factor: float) -> float:
        return -float(log_softmax(margins * factor, axis=1)[rows, truth].mean())

    return float(minimize_scalar(surprise, bounds=(0.5, 20.0), method="bounded").x)
