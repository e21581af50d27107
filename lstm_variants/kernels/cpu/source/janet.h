// JANET. The equations are those of cells/janet.py.
#pragma once

#include "cell.h"

namespace ISA {

template <class T> struct JANET : CellBase<T> {
    using CellBase<T>::s;
    struct Slot {
        enum { f, g, write };  // write: what multiplies the candidate, 1 - sigmoid(s - beta)
    };

    const T beta = T(s.call.beta);
    const Blocks input{2, s.H, s.Hp}, recurrent = input, recurrent_bias = input;

    using CellBase<T>::CellBase;

    template <int n> FORCED VecBlock<T, n> apply(const ForwardStep<T, n>& at) const {
        const auto a = at.gate(Slot::f);
        const auto f = sigmoid(a), g = tanh(at.gate(Slot::g)), write = sigmoid(beta - a);
        if (at.saves()) {
            at.save(Slot::f, f);
            at.save(Slot::g, g);
            at.save(Slot::write, write);
        }
        return f * at.h_old() + write * g;
    }

    template <int n>
    FORCED VecBlock<T, n> gradient(const BackwardStep<T, n>& at, const VecBlock<T, n>& d) const {
        const auto f = at.gate(Slot::f), g = at.gate(Slot::g), write = at.gate(Slot::write);
        const auto of_f = at.h_old() * f * (T(1) - f), of_write = g * write * (T(1) - write);
        at.set(Slot::f, d * (of_f - of_write));
        at.set(Slot::g, d * write * (T(1) - g * g));
        at.set(Slot::write, VecBlock<T, n>(0));
        return d * f;
    }
};

}  // namespace ISA
