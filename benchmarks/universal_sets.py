"""Writes the labelled sets that the released universal model learns from.

    python benchmarks/universal_sets.py FOLDER

Of `COVEY_DATA` the sets that its README names for models of general use and its small sets of
pixels, and scikit-learn's digits. The terms, where any are stated, are on the model's card.
Sentence embeddings of clinc150 and googlenews_t; the same texts as tf-idf of words and of character
n-grams, reduced (families "clinc150" and "googlenews_t"); omniglot_eval, and the background
characters of Omniglot as three stages of two small networks see them, each trained on the
characters that it does not embed (family "omniglot"); pixels of coil20, mnist and usps, raw and
reduced. Needs the extra `learn`. About three minutes on two cores.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from torch import nn
from torch.nn import functional

from labelled_sets import data_root, load_set

OUT_OF_SCOPE = 80  # label of clinc150's sentences that belong to no intent
STAGES = (60, 250, 900)  # steps after which the small networks embed
PIXELS = ("coil20", "mnist_t10k", "uspsdata_20_uni")


def write(folder: Path, name: str, family: str, x: np.ndarray, y: np.ndarray, share: float) -> None:
    """Writes one set without rows of zeros."""
    directed = np.linalg.norm(x, axis=1) > 1e-6
    np.savez(
        folder / f"{name}.npz",
        embeddings=x[directed].astype(np.float16),
        labels=y[directed].astype(np.int64),
        family=family,
        share=share,
    )
    print(f"{name:24} {directed.sum():6} x {x.shape[1]:4}  family {family}", flush=True)


def write_texts(folder: Path, root: Path) -> None:
    """Sentences and news titles: as embedded by a language model, and as counts."""
    vectorizers = {
        "words": (TfidfVectorizer(sublinear_tf=True, min_df=2), 200),
        "letters": (
            TfidfVectorizer(
                analyzer="char_wb",
                ngram_range=(3, 4),
                min_df=3,
                sublinear_tf=True,
                max_features=40_000,
            ),
            128,
        ),
    }
    for name in ("clinc150", "googlenews_t"):
        x, y = load_set(name)
        if name == "clinc150":
            y = np.where(y == OUT_OF_SCOPE, -1, y)
        write(folder, name, name, x, y, 4.0)
        with np.load(root / "embeddings" / name / "meta.npz", allow_pickle=True) as meta:
            texts = [str(text) for text in meta["texts"]]
        for kind, (vectorizer, dim) in vectorizers.items():
            counts = vectorizer.fit_transform(texts)
            reduced = TruncatedSVD(dim, random_state=0).fit_transform(counts)
            write(folder, f"{name}_{kind}", name, reduced, y, 1.0)


def write_characters(folder: Path, root: Path) -> None:
    """Handwritten characters, as embedded by networks that were trained on others."""
    x, y = load_set("omniglot_eval")
    write(folder, "omniglot_eval", "omniglot", x, y, 2.0)
    with np.load(root / "images" / "omniglot32.npz") as arrays:
        background = arrays["split"] == 0
        images = arrays["images"][background].astype(np.float32) / 255
        pairs = np.stack([arrays[key][background] for key in ("alphabet", "character")])
    if images.mean() > 0.5:
        images = 1 - images
    labels = np.unique(pairs, axis=1, return_inverse=True)[1].ravel()
    fold = np.random.default_rng(0).integers(2, size=labels.max() + 1)[labels]
    for half, dim in ((0, 64), (1, 160)):
        seen, unseen = np.flatnonzero(fold == half), np.flatnonzero(fold != half)
        for stage, embedded in embed_characters(images, labels, seen, unseen, dim):
            name = f"omniglot_net{half}_{stage:03}"
            write(folder, name, "omniglot", embedded, labels[unseen], 0.8)


def embed_characters(
    images: np.ndarray, labels: np.ndarray, seen: np.ndarray, unseen: np.ndarray, dim: int
) -> list[tuple[int, np.ndarray]]:
    """Trains a small network to tell seen characters apart and embeds the others at each stage."""
    torch.manual_seed(0)
    targets = torch.from_numpy(np.unique(labels[seen], return_inverse=True)[1])
    layers: list[nn.Module] = []
    for before, after in ((1, 24), (24, 48), (48, 96)):
        layers += [nn.Conv2d(before, after, 3, 2, 1), nn.BatchNorm2d(after), nn.ReLU()]
    network = nn.Sequential(*layers, nn.Flatten(), nn.Linear(96 * 16, dim))
    centres = nn.Parameter(torch.randn(int(targets.max()) + 1, dim))
    optimiser = torch.optim.AdamW([*network.parameters(), centres], 2e-3, weight_decay=1e-3)
    pixels = torch.from_numpy(images)[:, None]
    found = []
    for step in range(STAGES[-1] + 1):
        if step in STAGES:
            network.eval()
            with torch.no_grad():
                parts = [network(pixels[part]) for part in np.array_split(unseen, 16)]
            found.append((step, torch.cat(parts).numpy()))
            network.train()
        drawn = torch.randint(len(seen), (192,))
        shift = torch.randint(-2, 3, (2,)).tolist()
        batch = torch.roll(pixels[seen[drawn.numpy()]], tuple(shift), (2, 3))
        cosine = functional.normalize(network(batch)) @ functional.normalize(centres).T
        loss = functional.cross_entropy(16 * cosine, targets[drawn])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return found


def write_pixels(folder: Path, root: Path) -> None:
    """Images of objects and digits as their pixels, raw and reduced."""
    for name in PIXELS:
        with np.load(root / "vectors" / f"{name}.npz") as arrays:
            x, y = arrays["x"].reshape(len(arrays["x"]), -1).astype(np.float32), arrays["labels"]
        unit = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)
        write(folder, name, name, unit, y, 0.6)
        reduced = PCA(64, random_state=0).fit_transform(x)
        write(folder, f"{name}_pca", name, reduced / np.abs(reduced).max(), y, 0.6)
    digits = load_digits()
    write(folder, "digits", "digits", digits.data, digits.target, 0.4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    root = data_root()
    if root is None:
        raise SystemExit("set COVEY_DATA to the folder of data sets")
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(os.cpu_count() or 1)
    write_texts(folder, root)
    write_characters(folder, root)
    write_pixels(folder, root)


if __name__ == "__main__":
    main()
