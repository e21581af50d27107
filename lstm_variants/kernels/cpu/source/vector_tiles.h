// Products with a packed matrix in the vector units.
#pragma once

#include <array>
#include <utility>

#include "packed.h"

namespace ISA {

// out[rows][vectors] += left[rows][k] * panel[k][vectors], over all k.
// K cache lines from `next` on are prefetched: the weights of a large layer do not fit into the
// second-level cache.
template <class T, bool by_place, int rows, int vectors>
void multiply_tile(
    const T* left, int64_t left_stride, const T* panel, int64_t K, const T* next, T* out,
    int64_t out_stride
) {
    constexpr int L = lanes<T>;
    Vec<T> sum[rows][vectors] = {};
    for (int64_t k = 0; k < K; k++) {
        Vec<T> weights[vectors];
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) weights[v] = load<T>(panel + (k * vectors + v) * L);
        __builtin_prefetch(next + k * L, 0, 2);
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++) {
            const int64_t place = by_place ? k * left_stride + r : r * left_stride + k;
            Vec<T> factor = all_terms<T>(left + place);
#if defined(__AVX512F__)
            asm("" : "+v"(factor));  // keeps it in a register
#endif
#pragma GCC unroll 8
            for (int v = 0; v < vectors; v++)
                sum[r][v] = add_product<T>(sum[r][v], factor, weights[v]);
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) {
            T* const to = out + r * out_stride + v * L;
            store<T>(to, load<T>(to) + sum[r][v]);
        }
}

template <class T> using Tile = decltype(&multiply_tile<T, false, 1, 1>);

template <class T, bool by_place, int... n>
constexpr std::array<Tile<T>, sizeof...(n)> tiles(std::integer_sequence<int, n...>) {
    return {multiply_tile<T, by_place, n / panel_vectors + 1, n % panel_vectors + 1>...};
}

// Sums are blocked every so many terms: the error grows with the number of blocks, not of terms.
constexpr int64_t max_terms = 128;

// Rows of out [B, N] += left times some places of some panels of a packed matrix. The last panel
// comes first if `backwards`. `left` begins with the first of these rows and places; `by_place`, it
// has the places one after the other.
template <class T, bool by_place>
void multiply_add_places(
    const T* left, int64_t left_stride, const Packed<T>& right, Range places, T* out,
    int64_t out_stride, Range rows, Range panels, bool backwards
) {
    constexpr auto tile =
        tiles<T, by_place>(std::make_integer_sequence<int, max_rows * panel_vectors>{});
    const int64_t groups = (rows.size() + max_rows - 1) / max_rows;
    const int64_t parts = (places.size() * terms<T> + max_terms - 1) / max_terms;
    for (int64_t turn : panels) {
        const int64_t p = backwards ? panels.first + panels.stop - 1 - turn : turn;
        const int64_t following = turn + 1 == panels.stop ? p : backwards ? p - 1 : p + 1;
        const int64_t width = right.width(p), column = p * panel_vectors * lanes<T>;
        for (int64_t part = 0; part < parts; part++) {
            const int64_t k = places.size() * part / parts;
            const int64_t K = places.size() * (part + 1) / parts - k;
            const T* const panel = right.panel(p) + (places.first + k) * width * lanes<T>;
            const bool last = part + 1 == parts;
            const T* const next = last ? right.panel(following) : panel + K * width * lanes<T>;
            // Groups of rows of almost equal size: one row takes almost as long as eight.
            for (int64_t g = 0, row = rows.first; g < groups; g++) {
                const int64_t stop = rows.first + rows.size() * (g + 1) / groups;
                const int64_t n = row - rows.first;
                tile[(stop - row - 1) * panel_vectors + width - 1](
                    left + (by_place ? k * left_stride + n : n * left_stride + k), left_stride,
                    panel, K, next + g % panel_vectors * K * lanes<T>,
                    out + row * out_stride + column, out_stride
                );
                row = stop;
            }
        }
    }
}

}  // namespace ISA
