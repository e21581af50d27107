"""The study of random search on spoken digits."""

from experiments.odyssey.text import page_text

__doc__ = page_text(
    "Search space odyssey: spoken digits",
    data="recordings of spoken digits.",
    task="The data are the 3,000 recordings of the Free Spoken Digit Dataset (six speakers, "
    "george, jackson, lucas, nicolas, theo and yweweler) with its own split: recordings 0 "
    "to 4 of each digit and speaker are the test set; of the others, 5 to 9 are the "
    "validation set; each has 300 recordings. A network reads 13 mel-frequency cepstral "
    "coefficients each 20 ms, standardised over the training set, and names the digit after "
    "the last time step.",
    batch=32,
    deviations="The data are few and easy, recordings of ten words by six speakers: they say "
    "little about TIMIT. Each update uses 32 sequences; in the paper, it uses one. Errors were not "
    "recorded. The test of the claims was chosen when 20 of the 60 trials had been seen. The "
    "margin is of the order of the losses of the best trials here: over the 300 recordings of the "
    "test set it adds up to 6 nats, as much as one or two wrong answers given with confidence. "
    "The speakers of the test set are those of the training set.",
)
