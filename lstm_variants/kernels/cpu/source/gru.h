// The gated recurrent unit. The equations are those of cells/gru.py.
//
// A row of gates has the slots n, r, z and, if the reset comes after the product, u = U_n h + d_n:
// so the input's blocks lie side by side, and so do the recurrent weights'. If it comes before, the
// last block of the recurrent weights multiplies r * h, in a product of its own.
#pragma once

#include "cell.h"

namespace ISA {

template <class T, bool reset_after> struct GRU : CellBase<T> {
    using CellBase<T>::s;
    struct Slot {
        enum { n, r, z, u };
    };
    static constexpr bool has_inner_product = !reset_after;

    const Blocks input{3, s.H, s.Hp, 2, Slot::n};  // of r, z, n, the last one first
    const Blocks recurrent{reset_after ? 3 : 2, s.H, s.Hp, 0, Slot::r};
    const Blocks recurrent_bias = reset_after ? recurrent : input;
    const Blocks inner{reset_after ? 0 : 1, s.H, s.Hp, 0, Slot::n};
    const int64_t inner_row = 2 * s.H;  // of the recurrent weights

    using CellBase<T>::CellBase;

    // r * h, if the reset comes before the product.
    template <int n> FORCED VecBlock<T, n> apply_inner(const ForwardStep<T, n>& at) const {
        const auto r = sigmoid(at.gate(Slot::r));
        at.save(Slot::r, r);
        return r * at.h_dropped();
    }

    template <int n> FORCED VecBlock<T, n> apply(const ForwardStep<T, n>& at) const {
        const auto z = sigmoid(at.gate(Slot::z));
        auto a = at.gate(Slot::n), r = VecBlock<T, n>(0);
        if (reset_after) {
            r = sigmoid(at.gate(Slot::r));
            a = a + r * at.gate(Slot::u);
        }
        const auto candidate = tanh(a);
        if (at.saves()) {
            at.save(Slot::n, candidate);
            at.save(Slot::z, z);
            if (reset_after) at.save(Slot::r, r);
        }
        return (T(1) - z) * candidate + z * at.h_old();
    }

    template <int n>
    FORCED VecBlock<T, n> gradient(const BackwardStep<T, n>& at, const VecBlock<T, n>& d) const {
        const auto candidate = at.gate(Slot::n), z = at.gate(Slot::z);
        const auto d_n = d * (T(1) - z) * (T(1) - candidate * candidate);
        at.set(Slot::n, d_n);
        at.set(Slot::z, d * (at.h_old() - candidate) * z * (T(1) - z));
        if (reset_after) {
            const auto r = at.gate(Slot::r);
            at.set(Slot::u, d_n * r);
            at.set(Slot::r, d_n * at.gate(Slot::u) * r * (T(1) - r));
        }
        return d * z;
    }

    // From the gradient d of r * h.
    template <int n>
    FORCED VecBlock<T, n> gradient_inner(
        const BackwardStep<T, n>& at, const VecBlock<T, n>& d
    ) const {
        const auto r = at.gate(Slot::r), h_old = at.dropped(at.h_old());
        (r * h_old).store_to(at.inner, s.Hp);
        at.set(Slot::r, d * h_old * r * (T(1) - r));
        return d * r;
    }
};

template <class T> using GRUAfter = GRU<T, true>;
template <class T> using GRUBefore = GRU<T, false>;

}  // namespace ISA
