// The multiplicative LSTM. The equations are those of cells/multiplicative.py.
//
// A row of gates has the slots m = W_m x + b_m, i, f, g, o and u = U_m h + d_m.
#pragma once

#include "cell.h"

namespace ISA {

template <class T> struct MultiplicativeLSTM : CellBase<T> {
    using CellBase<T>::s;
    struct Slot {
        enum { m, i, f, g, o, u };
    };
    static constexpr int cell_states = 1;
    static constexpr bool has_inner_product = true;

    const Blocks input{5, s.H, s.Hp};
    const Blocks recurrent{1, s.H, s.Hp, 0, Slot::u};
    const Blocks recurrent_bias{5, s.H, s.Hp, 1, Slot::i};  // of i, f, g, o, m
    const Blocks inner{4, s.H, s.Hp, 0, Slot::i};           // multiplies m * u
    const int64_t inner_row = s.H;

    using CellBase<T>::CellBase;

    template <int n> FORCED VecBlock<T, n> apply_inner(const ForwardStep<T, n>& at) const {
        return at.gate(Slot::m) * at.gate(Slot::u);
    }

    template <int n> FORCED VecBlock<T, n> apply(const ForwardStep<T, n>& at) const {
        const auto i = sigmoid(at.gate(Slot::i)), f = sigmoid(at.gate(Slot::f));
        const auto g = tanh(at.gate(Slot::g)), o = sigmoid(at.gate(Slot::o));
        const auto c = f * at.c_old() + i * g;
        at.set_c(c);
        if (at.saves()) {
            at.save(Slot::i, i);
            at.save(Slot::f, f);
            at.save(Slot::g, g);
            at.save(Slot::o, o);
        }
        return o * tanh(c);
    }

    template <int n>
    FORCED VecBlock<T, n> gradient(const BackwardStep<T, n>& at, const VecBlock<T, n>& d) const {
        const auto i = at.gate(Slot::i), f = at.gate(Slot::f);
        const auto g = at.gate(Slot::g), o = at.gate(Slot::o);
        const auto activated = tanh(at.c());
        const auto d_c = at.d_c() + d * o * (T(1) - activated * activated);
        at.set(Slot::i, d_c * g * i * (T(1) - i));
        at.set(Slot::f, d_c * at.c_old() * f * (T(1) - f));
        at.set(Slot::g, d_c * i * (T(1) - g * g));
        at.set(Slot::o, d * activated * o * (T(1) - o));
        at.set_d_c(d_c * f);
        return VecBlock<T, n>(0);
    }

    // From the gradient d of m * u.
    template <int n>
    FORCED VecBlock<T, n> gradient_inner(
        const BackwardStep<T, n>& at, const VecBlock<T, n>& d
    ) const {
        const auto m = at.gate(Slot::m), u = at.gate(Slot::u);
        (m * u).store_to(at.inner, s.Hp);
        at.set(Slot::m, d * u);
        at.set(Slot::u, d * m);
        return VecBlock<T, n>(0);
    }
};

}  // namespace ISA
