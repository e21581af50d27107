// minGRU and minLSTM. The equations are those of cells/minimal.py.
#pragma once

#include <cmath>

#include "elementwise.h"

namespace ISA {

template <class T> struct MinGRU : Elementwise<T> {
    using Elementwise<T>::s;
    // For the backward pass, the place of n holds change = n - h.
    struct Slot {
        enum { z, n, change = n };
    };

    const Blocks input{2, s.H, s.Hp};

    using Elementwise<T>::Elementwise;

    template <int n> FORCED VecBlock<T, n> apply(const ForwardStep<T, n>& at) const {
        const auto z = sigmoid(at.gate(Slot::z)), candidate = at.gate(Slot::n), h_old = at.h_old();
        if (at.saves()) {
            at.save(Slot::z, z);
            at.save(Slot::change, candidate - h_old);
        }
        return (T(1) - z) * h_old + z * candidate;
    }

    template <int n>
    FORCED VecBlock<T, n> gradient(const BackwardStep<T, n>& at, const VecBlock<T, n>& d) const {
        const auto z = at.gate(Slot::z);
        at.set(Slot::z, d * at.gate(Slot::change) * z * (T(1) - z));
        at.set(Slot::n, d * z);
        return d * (T(1) - z);
    }
};

template <class T> struct MinLSTM : Elementwise<T> {
    using Elementwise<T>::s;
    // For the backward pass, the place of i holds keep = f / (f + i), and that of n, change = h - n.
    // More than three slots would take longer: the memory sets the time.
    struct Slot {
        enum { f, i, n, keep = i, change = n };
    };

    const Blocks input{3, s.H, s.Hp};

    using Elementwise<T>::Elementwise;

    // The ratio of two small sigmoids does not change where both pre-activations grow alike: they
    // are shifted so that one of them is -40 or more, where 1 + exp(-40) is 1.
    template <int n> FORCED VecBlock<T, n> apply(const ForwardStep<T, n>& at) const {
        const auto a_f = at.gate(Slot::f), a_i = at.gate(Slot::i);
        const auto both = clamp<T, n>(maximum(a_f, a_i) + T(40), -T(INFINITY), T(0));
        const auto of_f = T(1) + exp_within<T, n>(both - a_f);  // 1 / f, if not shifted
        const auto of_i = T(1) + exp_within<T, n>(both - a_i);
        const auto keep = divide(of_i, of_f + of_i);
        const auto candidate = at.gate(Slot::n), h_old = at.h_old();
        if (at.saves()) {
            // Below the shift, f is less than a rounding error of 1, also where 40 is lost in it.
            const auto f = divide(VecBlock<T, n>(1), of_f);
            at.save(Slot::f, where_positive(maximum(a_f, a_i) + T(40), f));
            at.save(Slot::keep, keep);
            at.save(Slot::change, h_old - candidate);
        }
        return keep * h_old + (T(1) - keep) * candidate;
    }

    // With w = 1 - keep, i = f * w / keep: so keep * (1 - i) = keep - f * w.
    template <int n>
    FORCED VecBlock<T, n> gradient(const BackwardStep<T, n>& at, const VecBlock<T, n>& d) const {
        const auto f = at.gate(Slot::f), keep = at.gate(Slot::keep);
        const auto write = T(1) - keep;
        const auto d_keep = d * write * at.gate(Slot::change);
        at.set(Slot::f, d_keep * keep * (T(1) - f));
        at.set(Slot::i, d_keep * (f * write - keep));
        at.set(Slot::n, d * write);
        return d * keep;
    }
};

}  // namespace ISA
