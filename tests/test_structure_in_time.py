"""Sequences in which some elements follow from others, and what is compared."""

import itertools

import pytest
import torch

from experiments.structure_in_time import results, run


def test_every_third_bit_is_the_exclusive_or_of_the_two_before_it():
    x, follow = run.sequences("XOR", 30, 40, torch.Generator().manual_seed(0))
    bits = x[..., 0].int()
    for b in range(40):
        places = follow[:, b].nonzero().flatten().tolist()
        assert all(later - earlier == 3 for earlier, later in itertools.pairwise(places))
        assert all(bits[k, b] == bits[k - 1, b] ^ bits[k - 2, b] for k in places if k >= 2)
    assert {int(follow[:, b].int().argmax()) for b in range(40)} == {0, 1, 2}


def test_letters_are_consonants_with_their_vowels():
    x, follow = run.sequences("letters", 30, 20, torch.Generator().manual_seed(0))
    letters = {features: letter for letter, features in run.LETTERS.items()}
    for b in range(20):
        text = "".join(letters[tuple(v)] for v in x[:, b].int().tolist())
        whole = text[next(k for k, letter in enumerate(text) if letter in "bdg") :]
        while whole:
            [syllable] = [s for s in run.SYLLABLES if s[0] == whole[0]]
            assert whole.startswith(syllable) or syllable.startswith(whole)
            whole = whole[len(syllable) :]
        assert follow[:, b].tolist() == [letter in "aiu" for letter in text]


def test_consonants_have_in_common_what_is_said_and_differ_in_the_rest():
    consonants = torch.tensor([run.LETTERS[letter] for letter in "bdg"])
    assert (consonants[:, run.COMMON] == 1).all()
    assert (consonants[:, run.DIFFERENT].float().std(0) > 0).all()
    assert all(run.LETTERS[vowel][run.COMMON[0]] == 0 for vowel in "aiu")


@pytest.mark.parametrize("task", run.TASKS)
def test_errors_are_those_of_the_elements_that_are_named(task):
    class Says(torch.nn.Module):
        """Knows the elements that follow, and always answers 0.5 elsewhere."""

        def forward(self, x):
            return torch.where(follow[1:, :, None], 100 * (2 * elements[1:] - 1), 0.0)

    config = run.Config(steps=12, skipped=2, tested=30)
    elements, follow = run.sequences(task, 13, 30, torch.Generator().manual_seed(4))
    found = run.errors(Says(), config, task, torch.Generator().manual_seed(4))
    assert found["follows"] == pytest.approx(0, abs=1e-6)
    assert found["random"] == pytest.approx(0.5)


def test_claims_follow_the_errors():
    records = [
        {
            "case": {"task": task},
            "seed": seed,
            "follows": follows,
            "random": 0.5,
            "common": 0.3 + 0.001 * seed,
            "different": 0.2,
        }
        for task, follows in (("XOR", 0.1), ("letters", 0.6))
        for seed in range(10)
    ]
    found = results.claims({"records": records})
    assert [claim["marks"] for claim in found] == ["+-", "-"]
