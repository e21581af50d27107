// The independently recurrent network. The equation is that of cells/indrnn.py.
#pragma once

#include "diagonal.h"
#include "elementwise.h"

namespace ISA {

template <class T> struct IndRNN : Elementwise<T> {
    using Elementwise<T>::s;

    const bool is_relu = s.call.cell.relu;
    const Blocks input{1, s.H, s.Hp};
    DiagonalWeights<T> u;

    IndRNN(Sequence<T>& sequence, bool backward)
        : Elementwise<T>(sequence, backward),
          u(sequence, s.io.weight_hh, s.io.d_weight_hh, 1, backward) {}

    void pack(const Share& share) const { u.pack(share); }
    void end_step(const Share& share) const { u.add_up(share); }
    void write_gradients(const Share& share) const { u.write(share); }

    template <int n> FORCED VecBlock<T, n> apply(const ForwardStep<T, n>& at) const {
        const auto a = at.gate(0) + u.at(at.j)(0, at.h_dropped());
        const auto h = is_relu ? relu(a) : tanh(a);
        if (at.saves()) at.save(0, h);
        return h;
    }

    template <int n>
    FORCED VecBlock<T, n> gradient(const BackwardStep<T, n>& at, const VecBlock<T, n>& d) const {
        const auto h = at.gate(0);
        const auto d_a = is_relu ? where_positive(h, d) : d * (T(1) - h * h);
        at.set(0, d_a);
        u.at(at.j).add(at.thread, 0, d_a * at.dropped(at.h_old_kept(0)));
        return at.dropped(u.at(at.j)(0, d_a));
    }
};

}  // namespace ISA
