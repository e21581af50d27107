// The projection of the input, some steps at a time.
#pragma once

#include "weights.h"

namespace ISA {

// Rows of the input that are projected at once, so that the result is still in the cache when the
// steps use it.
constexpr int64_t projected_rows = 128;

// The gates of some steps, W x + b at first.
template <class T> class InputProjection {
    const Sequence<T>& s;
    const Blocks blocks;
    const Weights<T> weights;
    T* const bias;  // a row of gates
    T* const buffer;

  public:
    const int64_t steps;  // projected at once

    // `input`: how weight_ih lies in a row of gates.
    InputProjection(Sequence<T>& sequence, const Blocks& input)
        : s(sequence),
          blocks(input),
          weights(sequence, s.call.D, input),
          bias(sequence.scratch.take(s.gates_stride)),
          buffer(
              s.io.gates ? nullptr
                         : sequence.scratch.take(steps_at_once(s.call) * s.B * s.gates_stride)
          ),
          steps(steps_at_once(s.call)) {}

    static int64_t steps_at_once(const Call& call) {
        return std::clamp<int64_t>(projected_rows / call.B, 1, call.T);
    }

    // Both biases, where the input's and the recurrent weights' blocks lie.
    void pack(const Share& share, const Blocks& recurrent) const {
        weights.pack(Sequence<T>::in(s.io.weight_ih), share);
        if (share.team.index) return;
        std::fill_n(bias, s.gates_stride, T(0));
        add_bias(s.io.bias_ih, blocks);
        add_bias(s.io.bias_hh, recurrent);
    }

    // This thread's part of the steps [step, step + steps).
    void project(const Share& share, int64_t step, int64_t count) const {
        const int64_t first = std::min(s.time(step), s.time(step + count - 1));
        const int64_t time = s.call.x_time, batch = s.call.x_batch;
        if (s.B == 1 || time == s.B * batch)  // the rows of all these steps lie at one distance
            project_rows(
                s.x(first, 0), s.B == 1 ? time : batch, gates_from(first, first),
                share.team.of(count * s.B)
            );
        else
            for (int64_t t = first; t < first + count; t++)
                project_rows(s.x(t, 0), batch, gates_from(first, t), share.team.of(s.B));
    }

    // The rows of time t, where the projected steps begin at time `first`.
    T* gates_from(int64_t first, int64_t t) const {
        return s.io.gates ? Sequence<T>::kept(s.io.gates) + t * s.B * s.gates_stride
                          : buffer + (t - first) * s.B * s.gates_stride;
    }

  private:
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
