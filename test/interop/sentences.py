"""Embeddings of sentences by all-MiniLM-L6-v2 (Wang et al. 2020), a BERT encoder, in PyTorch.

    python sentences.py FOLDER OUT

FOLDER has `model.safetensors` and `vocab.txt`. OUT becomes a safetensors file of token numbers `ids`, of which 0 is padding, and
of `embeddings`, means over tokens, of length 1.
"""

import sys
import unicodedata

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

SENTENCES = [
    "A man is eating food.",
    "Someone in a gorilla costume is playing a set of drums.",
    "The girl is carrying a baby, and sings.",
    "Compilers fuse many small operations into a few kernels!",
    "Why is the sky blue?",
    "It rains.",
    "Gradient descent converges slowly on ill-conditioned problems (see chapter 4).",
    "unbelievably overcomplicated nomenclature",
    "On 24 May 1844 Morse sent the first telegram: 'What hath God wrought'.",
    "Two cats sat upon the mat; one of them purred.",
]
TOKENS = 24
HEADS = 12


def main(folder, out):
    with open(f"{folder}/vocab.txt", encoding="utf-8") as lines:
        vocabulary = {line.rstrip("\n"): number for number, line in enumerate(lines)}
    ids = torch.zeros(len(SENTENCES), TOKENS, dtype=torch.int32)
    for row, sentence in enumerate(SENTENCES):
        tokens = ["[CLS]", *pieces(sentence, vocabulary)[: TOKENS - 2], "[SEP]"]
        ids[row, : len(tokens)] = torch.tensor([vocabulary[token] for token in tokens])
    with torch.no_grad():
        embeddings = encode(load_file(f"{folder}/model.safetensors"), ids.long())
    save_file({"ids": ids, "embeddings": embeddings}, out)


def pieces(sentence, vocabulary):
    """WordPiece: words and marks in lower case, each the longest known pieces from its beginning on."""
    words, word = [], ""
    for character in sentence.lower() + " ":
        is_mark = unicodedata.category(character).startswith("P")
        if not character.isspace() and not is_mark:
            word += character
            continue
        words += [word] * (word != "") + [character] * is_mark
        word = ""
    found = []
    for word in words:
        start = 0
        while start < len(word):
            before = "##" if start else ""
            end = next(end for end in range(len(word), start, -1) if before + word[start:end] in vocabulary)
            found.append(before + word[start:end])
            start = end
    return found


def encode(w, ids):
    def dense(x, name):
        return F.linear(x, w[f"{name}.weight"], w[f"{name}.bias"])

    def norm(x, name):
        return F.layer_norm(x, x.shape[-1:], w[f"{name}.weight"], w[f"{name}.bias"], 1e-12)

    mask = ids != 0
    x = w["embeddings.word_embeddings.weight"][ids]
    x = x + w["embeddings.position_embeddings.weight"][: ids.shape[1]]
    x = norm(x + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for layer in range(6):
        at = f"encoder.layer.{layer}"
        heads = [
            dense(x, f"{at}.attention.self.{part}").unflatten(-1, (HEADS, -1)).transpose(1, 2)
            for part in ("query", "key", "value")
        ]
        mixed = F.scaled_dot_product_attention(*heads, attn_mask=mask[:, None, None, :])
        mixed = dense(mixed.transpose(1, 2).flatten(2), f"{at}.attention.output.dense")
        x = norm(x + mixed, f"{at}.attention.output.LayerNorm")
        up = F.gelu(dense(x, f"{at}.intermediate.dense"))
        x = norm(x + dense(up, f"{at}.output.dense"), f"{at}.output.LayerNorm")
    weight = mask[..., None].float()
    return F.normalize((x * weight).sum(1) / weight.sum(1), dim=1)


main(*sys.argv[1:])
