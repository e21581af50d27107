"""Claims by question, in Markdown: the part of "Choose a variant" that records decide."""

from __future__ import annotations

from experiments import Record, Result
from experiments.report.claims import Scored, anchor_of, effects, slug, verdict_text
from experiments.report.what_holds import NO_LESSON

QUESTIONS: dict[str, list[tuple[str, str]]] = {
    "Both directions, or a delayed output?": [
        ("chunking", "A BiLSTM finds chunks better than an LSTM"),
        (
            "chunking",
            "On chunking, a delayed output replaces the second direction, to within 0.2 points",
        ),
        (
            "future_context",
            "If one step of the future is enough, a delayed LSTM is as good as a BiLSTM, to within "
            "1 percentage point",
        ),
    ],
    "Which initial forget bias, for long lags?": [
        ("adding", "The chrono initialisation makes long lags easier to learn"),
        (
            "initial_biases",
            "An initial forget bias of 1 or 2 makes long lags easier to learn for an LSTM",
        ),
        (
            "initial_biases_rates",
            "With smaller learning rates, a forget bias of 1 makes a long lag easier to learn for "
            "an LSTM",
        ),
        ("initial_biases", "The chrono initialisation is better than a forget bias of 1"),
        (
            "initial_biases_rates",
            "With smaller learning rates too, the chrono initialisation is better than a forget "
            "bias of 1",
        ),
        (
            "initial_biases",
            "The chrono initialisation helps if the assumed lag is ten times too long",
        ),
        (
            "initial_biases",
            "The chrono initialisation helps if the assumed lag is ten times too short",
        ),
        (
            "adding_both_halves",
            "With a mark in each half, the chrono initialisation is better than a forget bias of 1",
        ),
        (
            "adding_both_halves",
            "The adding problem is solved sooner if the second mark is in the second half",
        ),
    ],
    "LSTM or GRU?": [
        ("counting", "LSTMs count farther than GRUs"),
        (
            "counting_source_rates",
            "LSTMs count farther than GRUs at the learning rate of the source",
        ),
        (
            "counting_source_rates",
            "LSTMs count farther than GRUs with a smaller learning rate",
        ),
        ("adding", "On the adding problem a GRU does better than an LSTM"),
        ("adding_both_halves", "With a mark in each half, a GRU does better than an LSTM"),
        ("music", "On JSB Chorales the GRU has a lower NLL than the PeepholeLSTM"),
        ("music", "On Nottingham the PeepholeLSTM has a lower NLL than the GRU"),
        (
            "music_search_jsb",
            "On JSB Chorales the test NLL of GRU is lower than that of PeepholeLSTM",
        ),
        (
            "music_search_nottingham",
            "On Nottingham the test NLL of PeepholeLSTM is lower than that of GRU",
        ),
        (
            "music_search_muse",
            "On MuseData the test NLL of GRU is lower than that of PeepholeLSTM",
        ),
        (
            "music_search_piano",
            "On Piano-midi the test NLL of GRU is lower than that of PeepholeLSTM",
        ),
    ],
    "With peepholes or without?": [
        ("counting", "Peepholes make an LSTM count farther"),
        (
            "counting_source_rates",
            "An LSTM without peepholes counts beyond its training range at the learning rate of "
            "the source",
        ),
        ("timing", "Peepholes improve learning in timing tasks"),
        ("timing", "Peepholes help to generate spikes and functions"),
        (
            "timing_variations",
            "Peepholes help to generate a cosine within 10,000,000 streams",
        ),
        (
            "timing_variations",
            "Peepholes help to generate a triangle within 10,000,000 streams",
        ),
        (
            "chunking",
            "On chunking, peepholes gain a BiLSTM less than 0.2 points",
        ),
        (
            "music",
            "On music, peepholes gain an LSTM less than 0.05 nats per frame",
        ),
        (
            "music_search_jsb",
            "On JSB Chorales, peepholes gain an LSTM less than 0.05 nats per frame",
        ),
        (
            "music_search_nottingham",
            "On Nottingham, peepholes gain an LSTM less than 0.05 nats per frame",
        ),
        (
            "music_search_muse",
            "On MuseData, peepholes gain an LSTM less than 0.05 nats per frame",
        ),
        (
            "music_search_piano",
            "On Piano-midi, peepholes gain an LSTM less than 0.05 nats per frame",
        ),
    ],
    "Which gates and activations?": [
        (
            "odyssey_speech",
            "On spoken digits, no ablation beats the vanilla LSTM by 0.02 nats",
        ),
        (
            "odyssey_speech",
            "On spoken digits, the loss is higher without the forget gate, and without the output "
            "activation",
        ),
        (
            "odyssey_strokes",
            "On pen strokes, no ablation beats the vanilla LSTM by 0.05 nats",
        ),
        (
            "odyssey_strokes",
            "On pen strokes, the loss is higher without the forget gate, and without the output "
            "activation",
        ),
        (
            "odyssey_music",
            "On chorales, no ablation beats the vanilla LSTM by 0.05 nats per frame",
        ),
        (
            "odyssey_music",
            "On chorales, the loss is higher without the forget gate, and without the output "
            "activation",
        ),
    ],
    "Which of two conventions?": [
        (
            "conventions",
            "An output gate that depends on the new cell state is better than one that depends on "
            "the previous one",
        ),
        (
            "conventions",
            "A reset gate before the recurrent product is better than one after it",
        ),
    ],
    "Gates or a plain RNN?": [
        ("adding", "An LSTM bridges lags that a plain recurrent network does not"),
        ("music", "On JSB Chorales gated units have a lower NLL than tanh units"),
        ("music", "On Nottingham tanh units have a lower NLL than gated units"),
        (
            "music_search_jsb",
            "On JSB Chorales the test NLL of GRU and PeepholeLSTM is lower than that of RNN",
        ),
        (
            "music_search_nottingham",
            "On Nottingham the test NLL of RNN is lower than that of GRU and PeepholeLSTM",
        ),
        ("music_search_muse", "On MuseData the test NLL of GRU is lower than that of RNN"),
        ("music_search_piano", "On Piano-midi the test NLL of GRU is lower than that of RNN"),
    ],
    "Fewer gates than a GRU or an LSTM?": [
        ("pixels", "A JANET with the chrono initialisation recognises more digits than an LSTM"),
        (
            "pixels",
            "If both have the chrono initialisation, a JANET recognises as many digits as an LSTM, "
            "to within 2 percentage points",
        ),
        (
            "pixels",
            "An MGU recognises as many digits as a GRU, to within 2 percentage points, with fewer "
            "parameters",
        ),
        (
            "pixels",
            "An IndRNN of two layers recognises more digits than an LSTM with as many parameters",
        ),
        (
            "state_tracking",
            "GRU, MGU, JANET and IndRNN track products of permutations on longer sequences",
        ),
    ],
    "How many layers of MinGRU or MinLSTM?": [
        (
            "selective_copying",
            "MinGRU and MinLSTM copy more with two or three layers than with one",
        ),
        (
            "selective_copying",
            "With two or three layers, MinGRU and MinLSTM solve selective copying",
        ),
        (
            "state_tracking",
            "An LSTM tracks parity on longer sequences, MinGRU and MinLSTM do not",
        ),
    ],
    "A multiplicative LSTM, or layer normalisation?": [
        ("characters", "A multiplicative LSTM predicts characters better than an LSTM"),
        ("characters", "With layer normalisation an LSTM needs fewer updates"),
    ],
    "Which regularisation, for a short text?": [
        (
            "regularisation",
            "Recurrent dropout lowers the test loss of an LSTM on characters",
        ),
        ("regularisation", "Zoneout lowers the test loss of an LSTM on characters"),
        ("regularisation", "Weight dropout lowers the test loss of an LSTM on characters"),
    ],
}
"""For each question, experiments with one of their claims."""


def choose(scored: Scored) -> str:
    """The claims of each question, with what to take from them.

    Args:
        scored: The records with their claims. Experiments without a record are left out.
    """
    sections = []
    for question, asked in QUESTIONS.items():
        items = [item(name, text, *scored[name]) for name, text in asked if name in scored]
        # A search finds these sentences on the pages of the results.
        shown = "\n".join(items)
        sections += [
            f"### {question}",
            f'<div markdown="1" data-search-exclude>\n\n{shown}\n\n</div>',
        ]
    return "\n\n".join(sections) + "\n"


def item(name: str, text: str, result: Result, claims: list[Record]) -> str:
    """A claim with its verdict, what to take from it, and its effects.

    Raises:
        ValueError: If an experiment has no such claim.
    """
    numbers = [number for number, claim in enumerate(claims, 1) if claim["claim"] == text]
    if not numbers:
        raise ValueError(
            f"{name} has no claim {text!r}: correct it in experiments/report/choose.py"
        )
    claim = claims[numbers[0] - 1]
    link = f"../results/{slug(name)}.md#{anchor_of(name, numbers[0])}"
    verdict = verdict_text(result, claim)
    return f"- [{text}]({link}): **{verdict}**. {claim['lesson'] or NO_LESSON} {effects(claim)}"
