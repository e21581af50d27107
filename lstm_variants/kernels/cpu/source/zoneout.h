// Zoneout: a state keeps its value of before a time step in part, or in some places.
#pragma once

#include "functions.h"
#include "rows.h"

namespace ISA {

template <class T> class Zoneout {
    static constexpr int L = lanes<T>;
    typedef uint8_t Bytes __attribute__((vector_size(L)));

    const Rows& rows;
    const uint8_t* const mask;  // [T, B, width]: 1 where the old value is kept; else null
    const T share, rest;        // of the old value and of the new one, if there is no mask
    const int64_t width;

    // Whether the numbers of vector j are kept; not past the end.
    auto is_kept(int64_t t, int64_t b, int64_t j) const {
        const uint8_t* const from = mask + rows.place(t, b) * width + j * L;
        const int64_t left = width - j * L;
        Bytes bytes{};
        if (left >= L) std::memcpy(&bytes, from, L);
        else if (left > 0) std::memcpy(&bytes, from, left);
        return __builtin_convertvector(bytes, Bits<T>) != 0;
    }

  public:
    Zoneout(const Rows& rows, const void* mask, double share, int64_t width)
        : rows(rows),
          mask(static_cast<const uint8_t*>(mask)),
          share(T(share)),
          rest(T(1 - share)),
          width(width) {}

    bool is_used() const { return mask || share != T(0); }

    // Vector j of n sequences from b on, after the step at time t.
    template <int n>
    FORCED VecBlock<T, n> mixed(
        int64_t t, int64_t b, int64_t j, const VecBlock<T, n>& old_value, const VecBlock<T, n>& value
    ) const {
        if (!mask) return share * old_value + rest * value;
        VecBlock<T, n> found;
#pragma GCC unroll 4
        for (int k = 0; k < n; k++)
            found.v[k] = is_kept(t, b + k, j) ? old_value.v[k] : value.v[k];
        return found;
    }
    // From the gradient of the result, those of the old value and of the new one.
    template <int n>
    FORCED VecBlock<T, n> of_old(int64_t t, int64_t b, int64_t j, const VecBlock<T, n>& d) const {
        return mixed<n>(t, b, j, d, VecBlock<T, n>(0));
    }
    template <int n>
    FORCED VecBlock<T, n> of_new(int64_t t, int64_t b, int64_t j, const VecBlock<T, n>& d) const {
        return mixed<n>(t, b, j, VecBlock<T, n>(0), d);
    }
};

}  // namespace ISA
