// The projection of the input, some steps at a time.
#pragma once

#include "weights.h"

namespace ISA {

// Rows of the input that are projected at once, so that the result is still in the cache when the
// steps use it.
constexpr int64_t projected_rows = 128;

// As many numbers of these rows are copied at once.
constexpr int64_t copied_numbers = 1 << 18;

// The gates of some steps, W x + b at first.
template <class T> class InputProjection {
    const Sequence<T>& s;
    const Blocks blocks;
    const Weights<T> weights;
    T* const bias;  // a row of gates
    T* const buffer;
    const int64_t distance = s.rows.distance(s.call.x_time, s.call.x_batch);
    // Rows of the input that do not lie at one distance are copied first, some at a time.
    const int64_t copied_rows;  // of each thread
    Stored<T>* const copies;

  public:
    // `input`: how weight_ih lies in a row of gates.
    InputProjection(Sequence<T>& sequence, const Blocks& input)
        : s(sequence),
          blocks(input),
          weights(sequence, s.call.D, input),
          bias(sequence.scratch.take(s.gates_stride)),
          buffer(s.io.gates ? nullptr : sequence.scratch.take(rows_at_once() * s.gates_stride)),
          copied_rows(s.rows.are_full() || distance ? 0 : rows_to_copy()),
          copies(sequence.scratch.template take<Stored<T>>(
              copied_rows * s.call.D * std::max(s.call.threads, 1)
          )) {}

    // With both biases, where they lie in a row of gates.
    void pack(const Share& share, const Blocks& input_bias, const Blocks& recurrent_bias) const {
        weights.pack(Sequence<T>::in(s.io.weight_ih), share);
        if (share.team.index) return;
        std::fill_n(bias, s.gates_stride, T(0));
        add_bias(s.io.bias_ih, input_bias);
        add_bias(s.io.bias_hh, recurrent_bias);
    }

    // This thread's part of some time steps.
    void project(const Part& team, const Range& times) const {
        const Range mine = team.of(s.rows.total(times));
        if (distance)
            project_rows(s.x(times.first, 0), distance, gates_from(times.first, times.first), mine);
        else if (s.rows.are_full())
            for (int64_t t : times)
                project_rows(s.x(t, 0), s.call.x_batch, gates_from(times.first, t), team.of(s.B));
        else project_copies(team, times, mine);
    }

    // The rows of time t, where the projected steps begin at time `first`.
    T* gates_from(int64_t first, int64_t t) const {
        return s.io.gates ? Sequence<T>::kept(s.io.gates) + s.rows.start(t) * s.gates_stride
                          : buffer + (s.rows.start(t) - s.rows.start(first)) * s.gates_stride;
    }

  private:
    int64_t rows_at_once() const { return s.rows.most(!s.reverse, projected_rows); }
    int64_t rows_to_copy() const {
        const int64_t fit = std::max<int64_t>(copied_numbers / std::max<int64_t>(s.call.D, 1), max_rows);
        return std::min(fit, rows_at_once());
    }
    void project_copies(const Part& team, const Range& times, const Range& mine) const {
        const int64_t D = s.call.D;
        Stored<T>* const to = copies + team.index * copied_rows * D;
        for (Range some = mine; some.first < mine.stop; some.first = some.stop) {
            some.stop = std::min(some.first + copied_rows, mine.stop);
            s.rows.each(times, some, [&](int64_t k, int64_t t, int64_t b) {
                std::copy_n(s.x(t, b), D, to + (k - some.first) * D);
            });
            project_rows(
                to, D, gates_from(times.first, times.first) + some.first * s.gates_stride,
                {0, some.size()}
            );
        }
    }
    void project_rows(const Stored<T>* x, int64_t x_stride, T* gates, const Range& rows) const {
        for (int64_t row : rows) std::copy_n(bias, s.gates_stride, gates + row * s.gates_stride);
        weights.multiply_add(
            x, x_stride, Sequence<T>::in(s.io.weight_ih), gates, s.gates_stride, rows, {0, 1}
        );
    }
    void add_bias(const void* from, const Blocks& to) const {
        if (!from) return;
        for (int64_t place = 0; place < to.places(); place++)
            if (to.rows(place, 1))
                bias[to.begin() + place] += Sequence<T>::in(from)[to.row(place)];
    }
};

}  // namespace ISA
