// Recurrent dropout: factors of h, the same at every time step, where recurrent weights multiply it.
#pragma once

#include "sequence.h"

namespace ISA {

template <class T> class Dropout {
    static constexpr int L = lanes<T>;
    const Sequence<T>& s;
    const int64_t stride;  // of rows that begin with h; the rest has no dropout
    T* const factors;      // [B, stride]

  public:
    Dropout(Sequence<T>& sequence, int64_t stride)
        : s(sequence), stride(stride), factors(sequence.scratch.take(is_used() ? s.B * stride : 0)) {}

    bool is_used() const { return s.io.h_factors; }

    void read(const Share& share) const {
        if (!is_used()) return;
        const T* const given = s.kept(const_cast<void*>(s.io.h_factors));
        for (int64_t b : share.sequences)
            for (int64_t j : share.units.of(stride / L))
                store<T>(
                    factors + b * stride + j * L,
                    j < s.Pp / L ? load<T>(given + s.rows.sequence(b) * s.P, j, s.P) : all<T>(1)
                );
    }
    // Of vector j of a sequence; null without dropout.
    const T* factors_of(int64_t b, int64_t j) const {
        return is_used() ? factors + b * stride + j * L : nullptr;
    }
    // This thread's part of rows, multiplied.
    void apply(const Share& share, const T* from, T* to) const {
        for (int64_t b : share.sequences)
            for (int64_t j : share.units.of(stride / L)) {
                const int64_t place = b * stride + j * L;
                store<T>(to + place, load<T>(from + place) * load<T>(factors + place));
            }
    }
    // Adds the gradient of h, from that of the product, which is then zero.
    void add_gradient(const Share& share, T* d_product, T* d) const {
        for (int64_t b : share.sequences)
            for (int64_t j : share.units.of(stride / L)) {
                const int64_t place = b * stride + j * L;
                const Vec<T> more = load<T>(d_product + place) * load<T>(factors + place);
                store<T>(d + place, load<T>(d + place) + more);
                store<T>(d_product + place, Vec<T>{});
            }
    }
    // n numbers of h, as they are stored.
    void copy_row(int64_t b, const Stored<T>* h, Stored<T>* to) const {
        for (int64_t j = 0; j * L < s.P; j++)
            store<T>(to, j, s.P, load<T>(h, j, s.P) * load<T>(factors + b * stride + j * L));
    }
};

}  // namespace ISA
