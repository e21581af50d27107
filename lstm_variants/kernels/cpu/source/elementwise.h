// What cells without a recurrent product share: each unit depends on its own last state alone.
#pragma once

#include "cell.h"

namespace ISA {

template <class T> struct Elementwise : CellBase<T> {
    using CellBase<T>::s;
    static constexpr bool has_recurrent_product = false;

    const Blocks recurrent{0, s.H, s.Hp}, recurrent_bias = recurrent;

    using CellBase<T>::CellBase;
};

}  // namespace ISA
