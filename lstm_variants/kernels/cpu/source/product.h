// Matrix products of few rows with a packed matrix.
#pragma once

#include <algorithm>
#include <array>
#include <utility>

#include "bfloat16.h"
#include "range.h"

namespace ISA {

// How weights [blocks * units, ...], a block of rows for each gate, lie in a row of gates: each
// gate takes `padded` places, whole vectors of every instruction set, and the last ones are zero.
struct Blocks {
    int64_t count, units, padded;
    int64_t first = 0;  // the block that comes first; the others follow in a circle
    int64_t slot = 0;   // where in the row they begin, in blocks

    int64_t places() const { return count * padded; }
    int64_t begin() const { return slot * padded; }
    Blocks without_padding() const { return {count, units, units, first}; }
    // The row of weights that belongs at a place, if one does.
    int64_t row(int64_t place) const {
        return (place / padded + first) % count * units + place % padded;
    }
    // How many of the n places from here on have rows.
    int64_t rows(int64_t place, int64_t n) const {
        return std::clamp<int64_t>(units - place % padded, 0, n);
    }
};

// A matrix [K, N] in panels of up to `panel_vectors` vectors of columns: [panel][k][column].
template <class T> struct Packed {
    T* data;
    int64_t K, vectors;  // N = vectors * lanes

    static int64_t size(int64_t K, int64_t N) { return places_of<T>(K) * N; }
    int64_t places() const { return places_of<T>(K); }
    int64_t panels() const { return (vectors + panel_vectors - 1) / panel_vectors; }
    int64_t width(int64_t panel) const {
        return std::min<int64_t>(panel_vectors, vectors - panel * panel_vectors);
    }
    T* panel(int64_t p) const { return data + p * panel_vectors * lanes<T> * places(); }
};

// Weights [blocks * units, K], transposed: panels of [K, places].
template <class T>
void pack_transposed(
    const T* weights, const Blocks& from, const Packed<T>& to, Range panels
) {
    constexpr int L = lanes<T>, N = L * terms<T>;
    for (int64_t p : panels)
        for (int64_t v = 0, width = to.width(p); v < width; v++) {
            const int64_t column = (p * panel_vectors + v) * L;
            const T* rows = weights + from.row(column) * to.K;
            const int64_t used = from.rows(column, L);
            T* panel = to.panel(p) + v * L;
            for (int64_t k = 0; k < to.K; k += N) {
                Vec<T> block[L];
#pragma GCC unroll 16
                for (int lane = 0; lane < L; lane++)
                    block[lane] = lane < used ? in_row<T>([&](int j) {
                        return load<T>(rows + lane * to.K + k, j, to.K - k);
                    }) : Vec<T>{};
                transpose<T>(block);
                const int64_t count = std::min<int64_t>(L, to.places() - k / terms<T>);
                for (int n = 0; n < count; n++)
                    store<T>(panel + (k / terms<T> + n) * width * L, block[n]);
            }
        }
}

// A matrix [K, N] as it is, given where its rows are; null for a row of zeros.
template <class T, class Row>
void pack(const Row& row_of, int64_t N, const Packed<T>& to, Range panels) {
    constexpr int L = lanes<T>;
    for (int64_t p : panels)
        for (int64_t k = 0; k < to.K; k += terms<T>) {
            const T* const first = row_of(k);
            const T* const second = terms<T> == 2 && k + 1 < to.K ? row_of(k + 1) : nullptr;
            for (int64_t v = 0, width = to.width(p); v < width; v++) {
                const auto read = [&](const T* row) {
                    return row ? load<T>(row, p * panel_vectors + v, N) : Vec<T>{};
                };
                store<T>(
                    to.panel(p) + (k / terms<T> * width + v) * L, join<T>(read(first), read(second))
                );
            }
        }
}

// Weights [blocks * units, N] as they are: panels of [places, N].
template <class T>
void pack_weights(
    const T* weights, int64_t N, const Blocks& from, const Packed<T>& to, Range panels
) {
    const auto row = [&](int64_t place) {
        return from.rows(place, 1) ? weights + from.row(place) * N : nullptr;
    };
    pack<T>(row, N, to, panels);
}

// out[rows][vectors] += left[rows][k] * panel[k][vectors], over all k.
// K cache lines from `next` on are prefetched: the weights of a large layer do not fit into the
// second-level cache.
template <class T, bool transposed, int rows, int vectors>
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
            const int64_t place = transposed ? k * left_stride + r : r * left_stride + k;
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

template <class T, bool transposed, int... n>
constexpr std::array<Tile<T>, sizeof...(n)> tiles(std::integer_sequence<int, n...>) {
    return {multiply_tile<T, transposed, n / panel_vectors + 1, n % panel_vectors + 1>...};
}

// Sums are blocked every so many terms: the error grows with the number of blocks, not of terms.
constexpr int64_t max_terms = 128;

// So many places of a vector of rows become terms at once. The memory is that of a thread, since
// nothing can be allocated in a product.
constexpr int64_t max_places = 4096;
template <class T> T* memory_for_terms() {
    thread_local T factors[max_places * lanes<T>];
    return factors;
}

// Some rows of left [B, K] as terms, from a range of places on, in rows of whole vectors.
template <class T>
void write_terms(const T* left, int64_t stride, int64_t K, Range rows, Range places, T* to) {
    constexpr int64_t L = lanes<T>, n = terms<T>;
    for (int64_t row : rows)
        for (int64_t place = places.first; place < places.stop; place += L) {
            const auto read = [&](int j) {
                return load<T>(left + row * stride, n * place / L + j, K);
            };
            store<T>(to, in_row<T>(read));
            to += L;
        }
}

// Rows of out [B, N] += left times some places of some panels of a packed matrix. The last panel
// comes first if `backwards`. `left` begins with the first of these rows and places; `transposed`, it
// has the places one after the other.
template <class T, bool transposed>
void multiply_add_places(
    const T* left, int64_t left_stride, const Packed<T>& right, Range places, T* out,
    int64_t out_stride, Range rows, Range panels, bool backwards
) {
    constexpr auto tile =
        tiles<T, transposed>(std::make_integer_sequence<int, max_rows * panel_vectors>{});
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
                    left + (transposed ? k * left_stride + n : n * left_stride + k), left_stride,
                    panel, K, next + g % panel_vectors * K * lanes<T>,
                    out + row * out_stride + column, out_stride
                );
                row = stop;
            }
        }
    }
}

// Rows of out [B, N] += left [B, K] times some panels of a packed matrix. The last panel comes first
// if `backwards`.
template <class T>
void multiply_add(
    const T* left, int64_t left_stride, const Packed<T>& right, T* out, int64_t out_stride,
    Range rows, Range panels, bool backwards = false
) {
    if constexpr (terms<T> == 1)
        multiply_add_places<T, false>(
            left + rows.first * left_stride, left_stride, right, {0, right.K}, out, out_stride,
            rows, panels, backwards
        );
    else {
        constexpr int64_t L = lanes<T>;
        T* const factors = memory_for_terms<T>();
        for (int64_t k = 0; k < right.places(); k += max_places) {
            const Range places{k, std::min(k + max_places, right.places())};
            const int64_t width = (places.size() + L - 1) / L * L;
            const int64_t at_once = max_places * L / width / max_rows * max_rows;
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
