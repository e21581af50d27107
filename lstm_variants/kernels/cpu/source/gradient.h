// The gradients of weights and input, from those of some steps' gates at a time.
#pragma once

#include "columns.h"
#include "weights.h"

namespace ISA {

// Rows of gates whose gradients are kept at once. With fewer, reading all weights for each group would
// dominate.
constexpr int64_t gradient_rows = 256;

// The sum over all rows of a' b, [places, N], for rows a [places] and b [N]: the gradient of weights
// that lie in places as blocks do.
//
// If all rows are there at once, the sum is computed when it is written, and is never kept.
template <class T> class SumOfProducts {
    const Blocks blocks;
    const int64_t N, rows;
    const Columns<T>& a;
    const bool once;
    const Packed<T> b;
    T* const sum;  // or max_rows rows of it for each thread
    static int64_t threads(const Sequence<T>& s) { return std::max(s.call.threads, 1); }
    int64_t width() const { return b.vectors * lanes<T>; }
    Packed<T> first(int64_t count) const { return {b.data, count, b.vectors}; }

    void multiply_add_group(int64_t count, Range group, T* to) const {
        const Packed<T> right = first(count);
        multiply_add_places<T, Columns<T>::by_place>(
            a.from(blocks.begin() + group.first), a.stride, right, {0, right.places()}, to, width(),
            {0, group.size()}, {0, right.panels()}, false
        );
    }
    // This thread's groups of up to max_rows places of a block that have rows of weights.
    template <class Use> void each_group(const Share& share, const Use& use) const {
        const int64_t of_block = (blocks.units + max_rows - 1) / max_rows;
        for (int64_t group : share.team.of(blocks.count * of_block)) {
            const int64_t block = group / of_block, unit = group % of_block * max_rows;
            const int64_t first = block * blocks.padded + unit;
            use(Range{first, first + std::min<int64_t>(max_rows, blocks.units - unit)});
        }
    }

  public:
    // `rows`: as many as there are at a time, of a and of b.
    SumOfProducts(
        Sequence<T>& s, int64_t rows, const Blocks& blocks, int64_t N, const Columns<T>& a,
        bool once
    )
        : blocks(blocks),
          N(N),
          rows(rows),
          a(a),
          once(once),
          b(s.scratch.take_packed(rows, (N + lanes<T> - 1) / lanes<T> * lanes<T>)),
          sum(s.scratch.take((once ? max_rows * threads(s) : blocks.places()) * width())) {}

    void start(const Share& share) {
        if (once) return;
        const Range mine = share.team.of(blocks.places());
        std::fill_n(sum + mine.first * width(), mine.size() * width(), T(0));
    }
    // Of each row where b is.
    template <class Row> void gather(const Share& share, int64_t count, const Row& row_of) {
        pack<T>(row_of, N, first(count), share.team.of(b.panels()));
    }
    void add(const Share& share, int64_t count) {
        if (once) return;
        each_group(share, [&](Range group) {
            multiply_add_group(count, group, sum + group.first * width());
        });
    }
    void write(const Share& share, Stored<T>* to) const {
        T* const mine = sum + share.team.index * max_rows * width();
        each_group(share, [&](Range group) {
            if (once) {
                std::fill_n(mine, max_rows * width(), T(0));
                multiply_add_group(rows, group, mine);
            }
            const T* const from = once ? mine : sum + group.first * width();
            for (int64_t k = 0; k < group.size(); k++)
                copy_numbers<T>(from + k * width(), N, to + (blocks.row(group.first) + k) * N);
        });
    }
};

template <class T> class Gradients {
    const Sequence<T>& s;
    const Blocks input, recurrent, input_bias, recurrent_bias;  // as they lie in a row
    // The places of weights, from the first one on, and those of biases.
    const int64_t of_weights = std::max(input.end(), recurrent.end());
    const Range of_biases{
        std::min(input_bias.begin(), recurrent_bias.begin()),
        std::max(input_bias.end(), recurrent_bias.end())
    };

  public:
    const int64_t stride;
    const int64_t rows;  // at once, at most
    T* const d_gates;    // [rows, stride]
    const Columns<T> columns;

  private:
    const Blocks used;  // `input` without padding
    const WeightsInRows<T> weights;
    SumOfProducts<T> of_input, of_recurrent;
    T* const d_used;    // [rows, used], if there is padding
    T* const d_x;       // [rows, whole vectors]
    T* const bias_sum;  // of these rows, and of all
    int64_t x_width() const { return weights.vectors * lanes<T>; }

  public:

    // `width`: of the recurrent weights.
    Gradients(
        Sequence<T>& sequence, const Blocks& input, const Blocks& recurrent,
        const Blocks& input_bias, const Blocks& recurrent_bias, int64_t width
    )
        : s(sequence),
          input(input),
          recurrent(recurrent),
          input_bias(input_bias),
          recurrent_bias(recurrent_bias),
          stride(s.gates_stride),
          rows(s.rows.most(s.reverse, gradient_rows)),
          d_gates(sequence.scratch.take(rows * stride)),
          columns(sequence.scratch.take(Columns<T>::size(rows, of_weights)), rows),
          used(input.without_padding()),
          weights(sequence, s.io.d_x ? s.call.D : 0, used),
          of_input(sequence, rows, input, s.call.D, columns, once()),
          of_recurrent(sequence, rows, recurrent, width, columns, once()),
          d_used(sequence.scratch.take(s.io.d_x && has_padding() ? rows * used.places() : 0)),
          d_x(sequence.scratch.take(rows * x_width())),
          bias_sum(sequence.scratch.take(2 * s.gates_width)) {}

    bool once() const { return rows == s.rows.total(); }
    bool needs_recurrent() const {
        return recurrent.count && (s.io.d_weight_hh || s.io.d_weight_gh);
    }

    void pack(const Share& share) {
        weights.pack(Sequence<T>::in(s.io.weight_ih), share);
        of_input.start(share);
        of_recurrent.start(share);
        const Range all = share.team.of(rows * stride);
        std::fill_n(d_gates + all.first, all.size(), T(0));
        const Range places = share.team.of(s.gates_width);
        std::fill_n(bias_sum + s.gates_width + places.first, places.size(), T(0));
    }

    // Of n rows, from what the input's and the recurrent weights multiplied there.
    template <class InputRow, class RecurrentRow>
    void gather(
        const Share& share, int64_t n, const InputRow& input_row, const RecurrentRow& recurrent_row
    ) {
        if (s.io.d_weight_ih || s.io.d_weight_hh || s.io.d_weight_gh)
            columns.write(d_gates, stride, n, share.team.of(of_weights / lanes<T>));
        if (s.io.d_weight_ih) of_input.gather(share, n, input_row);
        if (needs_recurrent()) of_recurrent.gather(share, n, recurrent_row);
    }

    // Of the rows of some time steps.
    void add(const Share& share, Range times) {
        const int64_t n = s.rows.total(times);
        if (s.io.d_weight_ih) of_input.add(share, n);
        if (needs_recurrent()) of_recurrent.add(share, n);
        if (s.io.d_bias_ih || s.io.d_bias_hh) add_bias(share, n);
        if (!s.io.d_x) return;
        const Range mine = share.team.of(n);
        std::fill_n(d_x + mine.first * x_width(), mine.size() * x_width(), T(0));
        weights.multiply_add(
            has_padding() ? gates_without_padding(mine) : d_gates + input.begin(),
            has_padding() ? used.places() : stride, Sequence<T>::in(s.io.weight_ih), d_x, x_width(),
            mine, {0, 1}
        );
        if (s.call.directions == 2) write_rows(Sequence<T>::kept(s.io.d_x), times, mine);
        else write_rows(Sequence<T>::out(s.io.d_x), times, mine);
    }

    // `weights`: where the gradient of the recurrent weights goes.
    template <class Weights> void write(const Share& share, const Weights& weights) const {
        if (s.io.d_weight_ih) of_input.write(share, Sequence<T>::out(s.io.d_weight_ih));
        if (recurrent.count) weights.write_gradient(share, of_recurrent);
        write_bias(share, input_bias, s.io.d_bias_ih);
        write_bias(share, recurrent_bias, s.io.d_bias_hh);
        if (!s.io.d_x) return;
        const int64_t D = s.call.D;
        if (s.call.directions == 2) s.clear_padding(share.team, Sequence<T>::kept(s.io.d_x), D, D);
        else s.clear_padding(share.team, Sequence<T>::out(s.io.d_x), D, D);
    }

  private:
    // Some rows of the gradient of the input.
    template <class Number> void write_rows(Number* d_input, Range times, Range some) const {
        s.rows.each(times, some, [&](int64_t k, int64_t t, int64_t b) {
            copy_numbers<T>(d_x + k * x_width(), s.call.D, d_input + s.rows.place(t, b) * s.call.D);
        });
    }
    bool has_padding() const { return used.places() < input.places(); }
    // The gradients of some rows of gates, copied: products with zeros would take as long as others.
    const T* gates_without_padding(const Range& some) const {
        for (int64_t row : some)
            for (int64_t block = 0; block < input.count; block++)
                std::copy_n(
                    d_gates + row * stride + input.begin() + block * input.padded, input.units,
                    d_used + row * used.places() + block * input.units
                );
        return d_used;
    }
    // In two stages, since the error of a long sum grows with its length.
    void add_bias(const Share& share, int64_t n) {
        const Range vectors = share.team.of(of_biases.size() / lanes<T>);
        T* const total = bias_sum + s.gates_width;
        const int64_t first = of_biases.first;
        const Range places{first + vectors.first * lanes<T>, first + vectors.stop * lanes<T>};
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
                    bias_sum[s.gates_width + blocks.begin() + place];
    }
};

}  // namespace ISA
