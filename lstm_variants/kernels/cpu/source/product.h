// Matrix products of few rows with a packed matrix.
#pragma once

#include "terms.h"

#if defined(MATRIX_UNITS)
#include "matrix_tiles.h"
#else
#include "vector_tiles.h"
#endif

namespace ISA {

static_assert(max_rows_of_terms % max_rows == 0);

// Some rows of left [B, K] as terms, from a range of places on, in rows of whole vectors.
template <class T, class Number>
void write_terms(const Number* left, int64_t stride, int64_t K, Range rows, Range places, T* to) {
    constexpr int64_t L = lanes<T>;
    for (int64_t row : rows)
        for (int64_t place = places.first; place < places.stop; place += L) {
            store<T>(to, terms_of_row<T>(left + row * stride, place / L, K));
            to += L;
        }
}

// Rows of out [B, N] += left [B, K] times some panels of a packed matrix. The last panel comes first
// if `backwards`.
template <class T, class Number>
void multiply_add(
    const Number* left, int64_t left_stride, const Packed<T>& right, T* out, int64_t out_stride,
    Range rows, Range panels, bool backwards = false
) {
    if constexpr (terms<T> == 1)
        multiply_add_places<T, false>(
            left + rows.first * left_stride, left_stride, right, {0, right.K}, out, out_stride,
            rows, panels, backwards
        );
    else {
        constexpr int64_t L = lanes<T>;
        T* const factors = memory_for_terms();
        for (int64_t k = 0; k < right.places(); k += max_places) {
            const Range places{k, std::min(k + max_places, right.places())};
            const int64_t width = (places.size() + L - 1) / L * L;
            const int64_t at_once = max_places * max_rows_of_terms / width / max_rows * max_rows;
            for (int64_t row = rows.first; row < rows.stop; row += at_once) {
                const Range some{row, std::min(row + at_once, rows.stop)};
                write_terms<T>(left, left_stride, right.K, some, places, factors);
                multiply_add_places<T, false>(
                    factors, width, right, places, out, out_stride, some, panels, backwards
                );
            }
        }
    }
}

}  // namespace ISA
