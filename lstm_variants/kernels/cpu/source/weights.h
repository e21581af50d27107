// The right factor of a forward product: weights, packed first or as they lie.
#pragma once

#include "sequence.h"

namespace ISA {

// Up to so many rows in all of a call, packing the weights takes longer than it saves.
constexpr int64_t few_rows = 8;

// The sum of a vector's numbers.
template <class T> inline T total(Vec<T> v) {
    T x[lanes<T>];
    store<T>(x, v);
    for (int n = lanes<T> / 2; n; n /= 2)
        for (int k = 0; k < n; k++) x[k] += x[k + n];
    return x[0];
}

constexpr int dot_rows = 4, dot_columns = 4;

// out[row][column] += left[row] . weights[column], of K numbers each.
template <class T, int rows, int columns>
void dot_tile(
    const T* left, int64_t left_stride, const T* weights, int64_t K, T* out, int64_t out_stride
) {
    constexpr int L = lanes<T>;
    Vec<T> sum[rows][columns] = {};
    const auto add = [&](const auto& read) {
        Vec<T> w[columns];
#pragma GCC unroll 4
        for (int c = 0; c < columns; c++) w[c] = read(weights + c * K);
#pragma GCC unroll 4
        for (int r = 0; r < rows; r++) {
            const Vec<T> x = read(left + r * left_stride);
#pragma GCC unroll 4
            for (int c = 0; c < columns; c++) sum[r][c] += x * w[c];
        }
    };
    const int64_t whole = K / L;
    for (int64_t j = 0; j < whole; j++) add([&](const T* row) { return load<T>(row + j * L); });
    if (whole * L < K) add([&](const T* row) { return load<T>(row, whole, K); });
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++) out[r * out_stride + c] += total<T>(sum[r][c]);
}

template <class T> class Weights {
    using Tile = decltype(&dot_tile<T, 1, 1>);
    template <int... n>
    static constexpr std::array<Tile, sizeof...(n)> tiles(std::integer_sequence<int, n...>) {
        return {dot_tile<T, n / dot_columns + 1, n % dot_columns + 1>...};
    }

    const int64_t K;
    const Blocks blocks;
    const bool packs;
    const Packed<T> packed;

  public:
    // [blocks * units, K]; of K = 0 if they are not there.
    Weights(Sequence<T>& s, int64_t K, const Blocks& blocks)
        : K(K),
          blocks(blocks),
          packs(s.call.T * s.B > few_rows),
          packed(s.scratch.take_packed(packs ? K : 0, blocks.places())) {}

    void pack(const T* weights, const Share& share) const {
        if (packs) pack_transposed<T>(weights, blocks, packed, share.team.of(packed.panels()));
    }

    // Some rows of out += left times the weights, and a part of their columns.
    void multiply_add(
        const T* left, int64_t left_stride, const T* weights, T* out, int64_t out_stride,
        Range rows, const Part& part
    ) const {
        if (packs)
            return ISA::multiply_add<T>(
                left, left_stride, packed, out, out_stride, rows, part.of(packed.panels())
            );
        constexpr auto tile = tiles(std::make_integer_sequence<int, dot_rows * dot_columns>{});
        const Range columns = part.of(blocks.places());
        for (int64_t place = columns.first; place < columns.stop;) {
            const int64_t n =
                blocks.rows(place, std::min<int64_t>(dot_columns, columns.stop - place));
            for (int64_t row = rows.first; n && row < rows.stop; row += dot_rows) {
                const int64_t count = std::min<int64_t>(dot_rows, rows.stop - row);
                tile[(count - 1) * dot_columns + n - 1](
                    left + row * left_stride, left_stride, weights + blocks.row(place) * K, K,
                    out + row * out_stride + place, out_stride
                );
            }
            // At the end of a block there is padding.
            place += n ? n : blocks.padded - place % blocks.padded;
        }
    }
};

}  // namespace ISA
