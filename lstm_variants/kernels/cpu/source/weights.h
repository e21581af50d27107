// The right factors of a call's products: weights, packed first or as they lie.
#pragma once

#include "sequence.h"

namespace ISA {

// Whether a call has so few rows in all that packing weights, `count` numbers, takes longer than it
// saves: up to four, and more with weights that are `large` or that many second-level caches do not
// hold.
struct FewRows {
    int64_t large, of_large, of_huge;

    template <class T> bool are_in(const Sequence<T>& s, int64_t count) const {
        const int64_t bytes = count * sizeof(Stored<T>);
        return s.rows.total() <= (bytes > 2 << 20 ? of_huge : bytes >= large ? of_large : 4);
    }
};
constexpr FewRows few_forward{256 << 10, 8, 16}, few_backward{2 << 20, 4, 8};

constexpr int dot_rows = 4, dot_columns = 4;

// Rows of weights are read from memory so many ahead: there are few steps to hide its latency.
constexpr int rows_ahead = 8;

// In lanes that alternate between a and b, each in groups of `distance`: sums of two of their numbers.
template <class T, int distance> inline Vec<T> add_pairs(Vec<T> a, Vec<T> b) {
    constexpr auto all_lanes = std::make_integer_sequence<int, lanes<T>>{};
    return exchange<false, T, distance>(a, b, all_lanes)
           + exchange<true, T, distance>(a, b, all_lanes);
}

// The sums of four vectors' numbers, in the first four places of `to`.
template <class T> inline void totals(const Vec<T> (&v)[dot_columns], T* to) {
    constexpr int L = lanes<T>;
    const Vec<T> first = add_pairs<T, 1>(v[0], v[1]), second = add_pairs<T, 1>(v[2], v[3]);
    if constexpr (L == 2) {
        store<T>(to, first);
        store<T>(to + 2, second);
    } else {
        store<T>(to, add_pairs<T, 2>(first, second));
        for (int n = L / 2; n >= dot_columns; n /= 2)
            for (int k = 0; k < n; k++) to[k] += to[k + n];
    }
}

// out[row][column] += left[row] . weights[column], of K numbers each.
template <class T, class Number, int rows, int columns>
void dot_tile(
    const Number* left, int64_t left_stride, const Stored<T>* weights, int64_t K, T* out,
    int64_t out_stride
) {
    constexpr int L = lanes<T>;
    Vec<T> sum[rows][dot_columns] = {};
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
    for (int64_t j = 0; j < whole; j++) {
#pragma GCC unroll 4
        for (int c = 0; c < columns; c++)
            __builtin_prefetch(weights + (rows_ahead + c) * K + j * L);
        add([&](const auto* row) { return load<T>(row + j * L); });
    }
    if (whole * L < K) add([&](const auto* row) { return load<T>(row, whole, K); });
    for (int r = 0; r < rows; r++) {
        T found[std::max(L, dot_columns)];
        totals<T>(sum[r], found);
        for (int c = 0; c < columns; c++) out[r * out_stride + c] += found[c];
    }
}

// Of a forward product: the rows of the weights are columns.
template <class T> class Weights {
    template <class Number> using Tile = decltype(&dot_tile<T, Number, 1, 1>);
    template <class Number, int... n>
    static constexpr std::array<Tile<Number>, sizeof...(n)> tiles(std::integer_sequence<int, n...>) {
        return {dot_tile<T, Number, n / dot_columns + 1, n % dot_columns + 1>...};
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
          packs(!few_forward.are_in(s, blocks.places() * K)),
          packed(s.scratch.take_packed(packs ? K : 0, blocks.places())) {}

    void pack(const Stored<T>* weights, const Share& share) const {
        if (packs) pack_transposed<T>(weights, blocks, packed, share.team.of(packed.panels()));
    }

    // Some rows of out += left times the weights, and a part of their columns. Packed weights are read
    // from their end at odd times: a cache that does not hold them all has what was read last.
    template <class Number>
    void multiply_add(
        const Number* left, int64_t left_stride, const Stored<T>* weights, T* out,
        int64_t out_stride, Range rows, const Part& part, int64_t time = 0
    ) const {
        if (packs)
            return ISA::multiply_add<T>(
                left, left_stride, packed, out, out_stride, rows, part.of(packed.panels()), time % 2
            );
        constexpr auto tile = tiles<Number>(std::make_integer_sequence<int, dot_rows * dot_columns>{});
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

// So many rows of weights are added up before the sum is stored.
constexpr int64_t summed_rows = 16;

// out += left . rows, for rows of N numbers; some vectors of them.
template <class T>
void add_rows(
    const T* left, const Stored<T>* rows, int64_t count, int64_t N, T* out, Range vectors
) {
    constexpr int L = lanes<T>;
    for (int64_t j : vectors) {
        Vec<T> sum{};
        if ((j + 1) * L <= N)
            for (int64_t k = 0; k < count; k++)
                sum += all<T>(left[k]) * load<T>(rows + k * N + j * L);
        else
            for (int64_t k = 0; k < count; k++) sum += all<T>(left[k]) * load<T>(rows + k * N, j, N);
        store<T>(out + j * L, load<T>(out + j * L) + sum);
    }
}

// Of a backward product: the rows of the weights are rows.
template <class T> class WeightsInRows {
    const int64_t N;
    const Blocks blocks;
    const bool packs;
    const Packed<T> packed;

  public:
    const int64_t vectors;  // of a row

    // [blocks * units, N]; of N = 0 if they are not used.
    WeightsInRows(Sequence<T>& s, int64_t N, const Blocks& blocks)
        : N(N),
          blocks(blocks),
          packs(!few_backward.are_in(s, blocks.places() * N)),
          packed(s.scratch.take_packed(
              packs ? blocks.places() : 0, (N + lanes<T> - 1) / lanes<T> * lanes<T>
          )),
          vectors((N + lanes<T> - 1) / lanes<T>) {}

    void pack(const Stored<T>* weights, const Share& share) const {
        if (packs && N)
            pack_weights<T>(weights, N, blocks, packed, share.team.of(packed.panels()));
    }

    // Some rows of out += left times the weights, and a part of their columns. Packed weights are read
    // from their end at odd times: a cache that does not hold them all has what was read last.
    void multiply_add(
        const T* left, int64_t left_stride, const Stored<T>* weights, T* out, int64_t out_stride,
        Range rows, const Part& part, int64_t time = 0
    ) const {
        if (packs)
            return ISA::multiply_add<T>(
                left, left_stride, packed, out, out_stride, rows, part.of(packed.panels()), time % 2
            );
        const Range columns = part.of(vectors);
        for (int64_t place = 0; place < blocks.places();) {
            const int64_t n = blocks.rows(place, summed_rows);
            for (int64_t row : rows)
                add_rows<T>(
                    left + row * left_stride + place, weights + blocks.row(place) * N, n, N,
                    out + row * out_stride, columns
                );
            // At the end of a block there is padding.
            place += n == summed_rows ? n : blocks.padded - place % blocks.padded;
        }
    }
};

}  // namespace ISA
