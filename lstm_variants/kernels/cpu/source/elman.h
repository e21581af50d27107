// The simple recurrent network. The equation is that of cells/elman.py.
#pragma once

#include "cell.h"

namespace ISA {

template <class T> struct Elman : CellBase<T> {
    using CellBase<T>::s;

    const bool is_relu = s.call.cell.relu;
    const Blocks input{1, s.H, s.Hp}, recurrent = input, recurrent_bias = input;

    using CellBase<T>::CellBase;

    template <int n> FORCED VecBlock<T, n> apply(const ForwardStep<T, n>& at) const {
        const auto h = is_relu ? relu(at.gate(0)) : tanh(at.gate(0));
        if (at.saves()) at.save(0, h);
        return h;
    }

    template <int n>
    FORCED VecBlock<T, n> gradient(const BackwardStep<T, n>& at, const VecBlock<T, n>& d) const {
        const auto h = at.gate(0);
        at.set(0, is_relu ? where_positive(h, d) : d * (T(1) - h * h));
        return VecBlock<T, n>(0);
    }
};

}  // namespace ISA
