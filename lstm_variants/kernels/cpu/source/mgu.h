// The minimal gated unit. The equations are those of cells/mgu.py.
#pragma once

#include "cell.h"

namespace ISA {

template <class T> struct MGU : CellBase<T> {
    using CellBase<T>::s;
    struct Slot {
        enum { f, n };
    };
    static constexpr bool has_inner_product = true;

    const Blocks input{2, s.H, s.Hp}, recurrent_bias = input;
    const Blocks recurrent{1, s.H, s.Hp, 0, Slot::f};
    const Blocks inner{1, s.H, s.Hp, 0, Slot::n};  // multiplies f * h
    const int64_t inner_row = s.H;

    using CellBase<T>::CellBase;

    template <int n> FORCED VecBlock<T, n> apply_inner(const ForwardStep<T, n>& at) const {
        const auto f = sigmoid(at.gate(Slot::f));
        at.save(Slot::f, f);
        return f * at.h_dropped();
    }

    template <int n> FORCED VecBlock<T, n> apply(const ForwardStep<T, n>& at) const {
        const auto f = at.gate(Slot::f), candidate = tanh(at.gate(Slot::n));
        if (at.saves()) at.save(Slot::n, candidate);
        return (T(1) - f) * at.h_old() + f * candidate;
    }

    template <int n>
    FORCED VecBlock<T, n> gradient(const BackwardStep<T, n>& at, const VecBlock<T, n>& d) const {
        const auto f = at.gate(Slot::f), candidate = at.gate(Slot::n);
        at.set(Slot::n, d * f * (T(1) - candidate * candidate));
        at.set(Slot::f, d * (candidate - at.h_old()) * f * (T(1) - f));
        return d * (T(1) - f);
    }

    // From the gradient d of f * h, which has a share in that of f.
    template <int n>
    FORCED VecBlock<T, n> gradient_inner(
        const BackwardStep<T, n>& at, const VecBlock<T, n>& d
    ) const {
        const auto f = at.gate(Slot::f), h_old = at.dropped(at.h_old());
        (f * h_old).store_to(at.inner, s.Hp);
        at.set(Slot::f, at.gradient_of(Slot::f) + d * h_old * f * (T(1) - f));
        return d * f;
    }
};

}  // namespace ISA
