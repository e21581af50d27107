// The gradients of weights and input, from those of some steps' gates at a time.
#pragma once

#include "sequence.h"

namespace ISA {

// Rows of gates whose gradients are kept at once. With fewer, reading all weights for each group would
// dominate.
constexpr int64_t gradient_rows = 256;

// The sum over all rows of a' b, [n, N], for rows a [n] and b [N]; n is a multiple of max_rows.
template <class T> class SumOfProducts {
    const int64_t n, N;
    const Packed<T> b;
    T* const sum;
    T* const columns;  // of a, max_rows of them, for each thread
    const int64_t columns_size;
    int64_t width() const { return b.vectors * lanes<T>; }
    Packed<T> first(int64_t rows) const { return {b.data, rows, b.vectors}; }

  public:
    SumOfProducts(Sequence<T>& s, int64_t rows, int64_t n, int64_t N)
        : n(n),
          N(N),
          b(s.scratch.take_packed(rows, (N + lanes<T> - 1) / lanes<T> * lanes<T>)),
          sum(s.scratch.take(n * width())),
          columns(s.scratch.take(rows * max_rows * std::max(s.call.threads, 1))),
          columns_size(rows * max_rows) {}

    void start(const Share& share) {
        const Range rows = share.team.of(n);
        std::fill_n(sum + rows.first * width(), rows.size() * width(), T(0));
    }
    // Of each row where b is; null for zeros.
    template <class Row> void gather(const Share& share, int64_t rows, const Row& row_of) {
        pack<T>(row_of, N, first(rows), share.team.of(b.panels()));
    }
    void add(const Share& share, int64_t rows, const T* a, int64_t a_stride) {
        T* const mine = columns + share.team.index * columns_size;
        for (int64_t group : share.team.of(n / max_rows)) {
            for (int64_t k = 0; k < rows; k++)
                std::copy_n(a + k * a_stride + group * max_rows, max_rows, mine + k * max_rows);
            T* const to = sum + group * max_rows * width();
            multiply<T, true>(
                mine, max_rows, first(rows), to, width(), to, width(), {0, max_rows},
                {0, b.panels()}
            );
        }
    }
    void write(const Share& share, const Blocks& blocks, T* to) const {
        for (int64_t place : share.team.of(n))
            if (blocks.rows(place, 1))
                std::copy_n(sum + place * width(), N, to + blocks.row(place) * N);
    }
};

template <class T> class Gradients {
    const Sequence<T>& s;
    const Blocks input, recurrent, bias;  // how weights and the recurrent bias lie in a row
    const Packed<T> weights;
    const int64_t rows;
    SumOfProducts<T> of_input, of_recurrent;
    T* const d_gates;
    T* const d_x;       // [rows, whole vectors]
    T* const bias_sum;  // of these rows, and of all
    int64_t x_width() const { return weights.vectors * lanes<T>; }

  public:
    // A little more than a row: at a distance of a power of two, rows would share the same few
    // places of the caches.
    const int64_t stride;
    const int64_t steps;  // at once

    // `columns`: of the recurrent weights.
    Gradients(
        Sequence<T>& sequence, const Blocks& input, const Blocks& recurrent, const Blocks& bias,
        int64_t columns
    )
        : s(sequence),
          input(input),
          recurrent(recurrent),
          bias(bias),
          weights(sequence.scratch.take_packed(
              input.places(), (s.call.D + lanes<T> - 1) / lanes<T> * lanes<T>
          )),
          rows(steps_at_once(s.call) * s.B),
          of_input(sequence, rows, input.places(), s.call.D),
          of_recurrent(sequence, rows, recurrent.places(), columns),
          d_gates(sequence.scratch.take(rows * (s.gates_stride + s.whole))),
          d_x(sequence.scratch.take(rows * x_width())),
          bias_sum(sequence.scratch.take(2 * s.gates_stride)),
          stride(s.gates_stride + s.whole),
          steps(steps_at_once(s.call)) {}

    static int64_t steps_at_once(const Call& call) {
        return std::clamp<int64_t>(gradient_rows / call.B, 1, call.T);
    }
    int64_t rows_at_once() const { return rows; }
    bool needs_recurrent() const {
        return recurrent.count && (s.io.d_weight_hh || s.io.d_weight_gh);
    }

    void pack(const Share& share) {
        if (s.io.d_x)
            pack_weights<T>(
                Sequence<T>::in(s.io.weight_ih), s.call.D, input, weights,
                share.team.of(weights.panels())
            );
        of_input.start(share);
        of_recurrent.start(share);
        const Range all = share.team.of(rows * stride);
        std::fill_n(d_gates + all.first, all.size(), T(0));
        const Range places = share.team.of(s.gates_stride);
        std::fill_n(bias_sum + s.gates_stride + places.first, places.size(), T(0));
    }

    // Gradients of the gates of time t, where the steps that are kept begin at time `first`.
    T* gates_from(int64_t first, int64_t t) const { return d_gates + (t - first) * s.B * stride; }

    // `recurrent_row(t, b)`: what the recurrent weights multiplied there.
    template <class Row>
    void gather(const Share& share, int64_t first, int64_t count, const Row& recurrent_row) {
        const int64_t n = count * s.B;
        if (s.io.d_weight_ih)
            of_input.gather(share, n, [&](int64_t k) -> const T* {
                const int64_t t = first + k / s.B, b = k % s.B;
                // Zero times what stands in the padding would not be zero if that is NaN.
                return s.valid(t, b) ? s.x(t, b) : nullptr;
            });
        if (needs_recurrent())
            of_recurrent.gather(share, n, [&](int64_t k) -> const T* {
                const int64_t t = first + k / s.B, b = k % s.B;
                return s.valid(t, b) ? recurrent_row(t, b) : nullptr;
            });
    }

    void add(const Share& share, int64_t first, int64_t count) {
        const int64_t n = count * s.B;
        if (s.io.d_weight_ih) of_input.add(share, n, d_gates + input.begin(), stride);
        if (needs_recurrent()) of_recurrent.add(share, n, d_gates + recurrent.begin(), stride);
        if (s.io.d_bias_ih || s.io.d_bias_hh) add_bias(share, n);
        if (!s.io.d_x) return;
        const Range mine = share.team.of(n);
        std::fill_n(d_x + mine.first * x_width(), mine.size() * x_width(), T(0));
        multiply_add<T>(
            d_gates + input.begin(), stride, weights, d_x, x_width(), mine, {0, weights.panels()}
        );
        for (int64_t row : mine)
            std::copy_n(
                d_x + row * x_width(), s.call.D,
                Sequence<T>::out(s.io.d_x) + (first * s.B + row) * s.call.D
            );
    }

    // `weights`: where the gradient of the recurrent weights goes.
    template <class Weights> void write(const Share& share, const Weights& weights) const {
        if (s.io.d_weight_ih) of_input.write(share, input, Sequence<T>::out(s.io.d_weight_ih));
        if (needs_recurrent()) weights.write_gradient(share, of_recurrent, recurrent);
        write_bias(share, input, s.io.d_bias_ih);
        write_bias(share, bias, s.io.d_bias_hh);
    }

  private:
    // In two stages, since the error of a long sum grows with its length.
    void add_bias(const Share& share, int64_t n) {
        const Range vectors = share.team.of(s.gates_stride / lanes<T>);
        T* const total = bias_sum + s.gates_stride;
        const Range places{vectors.first * lanes<T>, vectors.stop * lanes<T>};
        std::fill_n(bias_sum + places.first, places.size(), T(0));
        for (int64_t row = 0; row < n; row++)
            for (int64_t place = places.first; place < places.stop; place++)
                bias_sum[place] += d_gates[row * stride + place];
        for (int64_t place : places) total[place] += bias_sum[place];
    }
    void write_bias(const Share& share, const Blocks& blocks, void* to) const {
        if (!to) return;
        for (int64_t place : share.team.of(blocks.places()))
            if (blocks.rows(place, 1))
                Sequence<T>::out(to)[blocks.row(place)] =
                    bias_sum[s.gates_stride + blocks.begin() + place];
    }
};

}  // namespace ISA
