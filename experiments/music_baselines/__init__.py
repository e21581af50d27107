"""Music: baselines.

How well do models without a recurrent unit predict the next notes? Results of networks are to be
read beside these: how much can be predicted from the current frame alone differs between the data
sets.

Question: how far are networks from models that keep no state? The table shows two such models
beside the networks of Chung et al. (2014) and those of the random searches on the same data; no
claim is tested.

Protocol: data sets, splits and measure of [Music](music.md). The *frequencies of keys* predict each
key with the share of frames in which it sounds. A *Markov chain for each key* predicts a key with
the share of frames in which it sounds after a frame in which it sounded too, or after one in which
it did not; what other keys do is not used. Both are counted on the sequences for training, with
add-one smoothing. Nothing is chosen on the sequences for validation. Of each random search, the
table shows the test NLL of the trial of a unit with the lowest validation NLL; the pages of the
searches have all trials.

Deviations: none from the measure of [Music](music.md). Where the NLL of published networks is above
that of the Markov chain, the reason is not known: training, measure or files of the paper may
differ from those here.
"""
