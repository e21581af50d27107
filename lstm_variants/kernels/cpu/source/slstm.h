// The sLSTM. The equations are those of cells/slstm.py.
#pragma once

#include "cell.h"

namespace ISA {

template <class T> struct SLSTM : CellBase<T> {
    using CellBase<T>::s;
    struct Slot {
        enum { i, f, z, o, slope };  // slope: the derivative of log f by its pre-activation
    };
    enum State { c, n, m };
    static constexpr int cell_states = 3;

    const bool is_exponential = s.call.cell.exponential_forget;
    const Blocks input{4, s.H, s.Hp}, recurrent = input, recurrent_bias = input;

    using CellBase<T>::CellBase;

    template <int k> FORCED VecBlock<T, k> apply(const ForwardStep<T, k>& at) const {
        const auto a_i = at.gate(Slot::i), a_f = at.gate(Slot::f);
        const auto z = tanh(at.gate(Slot::z)), o = sigmoid(at.gate(Slot::o));
        const auto log_f = (is_exponential ? a_f : log_sigmoid(a_f)) + at.c_old(State::m);
        const auto m = maximum(log_f, a_i);
        const auto i = exp_of_negative(a_i - m), f = exp_of_negative(log_f - m);
        const auto c = f * at.c_old(State::c) + i * z, n = f * at.c_old(State::n) + i;
        at.set_c(c, State::c);
        at.set_c(n, State::n);
        at.set_c(m, State::m);
        if (at.saves()) {
            at.save(Slot::i, i);
            at.save(Slot::f, f);
            at.save(Slot::z, z);
            at.save(Slot::o, o);
            at.save(Slot::slope, is_exponential ? VecBlock<T, k>(1) : sigmoid(T(0) - a_f));
        }
        return o * (c / n);
    }

    template <int k>
    FORCED VecBlock<T, k> gradient(const BackwardStep<T, k>& at, const VecBlock<T, k>& d) const {
        const auto i = at.gate(Slot::i), f = at.gate(Slot::f);
        const auto z = at.gate(Slot::z), o = at.gate(Slot::o);
        const auto n = at.c(State::n), mean = at.c(State::c) / n, scaled = d * o / n;
        const auto d_c = at.d_c(State::c) + scaled, d_n = at.d_c(State::n) - scaled * mean;
        // Of the two exponents, and of m, which is subtracted from both and is the larger one.
        const auto d_i = (d_c * z + d_n) * i;
        const auto d_f = (d_c * at.c_old(State::c) + d_n * at.c_old(State::n)) * f;
        const auto d_m = at.d_c(State::m) - d_i - d_f;
        const auto of_f = share_of_maximum(f, i);
        const auto d_log_f = d_f + d_m * of_f;
        at.set(Slot::i, d_i + d_m * (T(1) - of_f));
        at.set(Slot::f, d_log_f * at.gate(Slot::slope));
        at.set(Slot::z, d_c * i * (T(1) - z * z));
        at.set(Slot::o, d * mean * o * (T(1) - o));
        at.set(Slot::slope, VecBlock<T, k>(0));
        at.set_d_c(d_c * f, State::c);
        at.set_d_c(d_n * f, State::n);
        at.set_d_c(d_log_f, State::m);
        return VecBlock<T, k>(0);
    }
};

}  // namespace ISA
