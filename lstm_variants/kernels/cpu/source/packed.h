// Matrices that are packed for products.
#pragma once

#include <algorithm>

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
    int64_t end() const { return begin() + places(); }
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
    const Stored<T>* weights, const Blocks& from, const Packed<T>& to, Range panels
) {
    constexpr int L = lanes<T>, N = L * terms<T>;
    for (int64_t p : panels)
        for (int64_t v = 0, width = to.width(p); v < width; v++) {
            const int64_t column = (p * panel_vectors + v) * L;
            const Stored<T>* rows = weights + from.row(column) * to.K;
            const int64_t used = from.rows(column, L);
            T* panel = to.panel(p) + v * L;
            for (int64_t k = 0; k < to.K; k += N) {
                Vec<T> block[L];
#pragma GCC unroll 16
                for (int lane = 0; lane < L; lane++)
                    block[lane] = lane < used
                        ? terms_of_row<T>(rows + lane * to.K + k, 0, to.K - k) : Vec<T>{};
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
        for (int64_t place = 0; place < to.places(); place++) {
            const int64_t k = place * terms<T>;
            const auto* const first = k < to.K ? row_of(k) : nullptr;
            const auto* const second = terms<T> == 2 && k + 1 < to.K ? row_of(k + 1) : nullptr;
            for (int64_t v = 0, width = to.width(p); v < width; v++)
                store<T>(
                    to.panel(p) + (place * width + v) * L,
                    join_rows<T>(first, second, p * panel_vectors + v, N)
                );
        }
}

// Weights [blocks * units, N] as they are: panels of [places, N].
template <class T>
void pack_weights(
    const Stored<T>* weights, int64_t N, const Blocks& from, const Packed<T>& to, Range panels
) {
    const auto row = [&](int64_t place) {
        return from.rows(place, 1) ? weights + from.row(place) * N : nullptr;
    };
    pack<T>(row, N, to, panels);
}

}  // namespace ISA
