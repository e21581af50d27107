// minGRU and minLSTM. The equations are those of cells/minimal.py.
#pragma once

#include "elementwise.h"

namespace ISA {

template <class T> struct MinGRU : Elementwise<T> {
    using Elementwise<T>::s;
    struct Slot {
        enum { z, n };
    };

    const Blocks input{2, s.H, s.Hp};

    using Elementwise<T>::Elementwise;

    template <int n> FORCED VecBlock<T, n> apply(const ForwardStep<T, n>& at) const {
        const auto z = sigmoid(at.gate(Slot::z));
        if (at.saves()) at.save(Slot::z, z);
        return (T(1) - z) * at.h_old() + z * at.gate(Slot::n);
    }

    template <int n>
    FORCED VecBlock<T, n> gradient(const BackwardStep<T, n>& at, const VecBlock<T, n>& d) const {
        const auto z = at.gate(Slot::z);
        at.set(Slot::z, d * (at.gate(Slot::n) - at.h_old()) * z * (T(1) - z));
        at.set(Slot::n, d * z);
        return d * (T(1) - z);
    }
};

template <class T> struct MinLSTM : Elementwise<T> {
    using Elementwise<T>::s;
    struct Slot {
        enum { f, i, n, keep };  // keep: f / (f + i)
    };

    const Blocks input{3, s.H, s.Hp};

    using Elementwise<T>::Elementwise;

    template <int n> FORCED VecBlock<T, n> apply(const ForwardStep<T, n>& at) const {
        const auto a_f = at.gate(Slot::f), a_i = at.gate(Slot::i);
        const auto keep = sigmoid(log_sigmoid(a_f) - log_sigmoid(a_i));
        if (at.saves()) {
            at.save(Slot::f, sigmoid(a_f));
            at.save(Slot::i, sigmoid(a_i));
            at.save(Slot::keep, keep);
        }
        return keep * at.h_old() + (T(1) - keep) * at.gate(Slot::n);
    }

    template <int n>
    FORCED VecBlock<T, n> gradient(const BackwardStep<T, n>& at, const VecBlock<T, n>& d) const {
        const auto keep = at.gate(Slot::keep);
        const auto d_logarithms = d * (at.h_old() - at.gate(Slot::n)) * keep * (T(1) - keep);
        at.set(Slot::f, d_logarithms * (T(1) - at.gate(Slot::f)));
        at.set(Slot::i, d_logarithms * (at.gate(Slot::i) - T(1)));
        at.set(Slot::n, d * (T(1) - keep));
        at.set(Slot::keep, VecBlock<T, n>(0));
        return d * keep;
    }
};

}  // namespace ISA
