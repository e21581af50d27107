// Diagonal recurrent weights: of peepholes, for example, from the cell state to the gates.
#pragma once

#include "sequence.h"

namespace ISA {

template <class T> class DiagonalWeights {
    const Sequence<T>& s;
    const void* const given;  // [count * H]
    void* const gradient;      // the same; null if it is not needed
    const int64_t count, size = count * s.Hp;
    const bool backward;
    T* const weights;  // [count, padded]
    // Gradients: each thread's sum over its sequences, of this step and of all. In two stages, since
    // the error of a long sum grows with its length.
    T* const sums;

    T* step_sums(int64_t thread) const { return sums + thread * 2 * size; }

  public:
    DiagonalWeights(
        Sequence<T>& sequence, const void* given, void* gradient, int64_t count, bool backward
    )
        : s(sequence),
          given(given),
          gradient(gradient),
          count(count),
          backward(backward),
          weights(sequence.scratch.take(size)),
          sums(sequence.scratch.take(
              backward ? 2 * size * std::max(sequence.call.threads, 1) : 0
          )) {}

    void pack(const Share& share) const {
        if (backward) std::fill_n(step_sums(share.team.index), 2 * size, T(0));
        if (share.team.index) return;
        for (int64_t k = 0; k < count; k++)
            for (int64_t j = 0; j < s.J; j++)
                store<T>(
                    weights + k * s.Hp + j * lanes<T>, load<T>(s.in(given) + k * s.H, j, s.H)
                );
    }

    // Those of vector j.
    struct At {
        const T* const weights;
        T* const sums;
        const int64_t Hp, thread_stride;
        const bool any;

        // Diagonal k times a state; zero for a cell without.
        template <int n> FORCED VecBlock<T, n> operator()(int k, const VecBlock<T, n>& x) const {
            return any ? x * load<T>(weights + k * Hp) : VecBlock<T, n>(0);
        }
        template <int n> FORCED void add(int64_t thread, int k, const VecBlock<T, n>& d) const {
            if (!any) return;
            T* const to = sums + thread * thread_stride + k * Hp;
            Vec<T> sum = load<T>(to);
            for (int row = 0; row < n; row++) sum += d.v[row];
            store<T>(to, sum);
        }
    };
    FORCED At at(int64_t j) const {
        const int64_t offset = j * lanes<T>;
        return {weights + offset, sums + offset, s.Hp, 2 * size, count > 0};
    }

    void add_up(const Share& share) const {
        T *const step = step_sums(share.team.index), *const total = step + size;
        for (int64_t k = 0; k < count; k++)
            for (int64_t j : share.units.of(s.J)) {
                const int64_t place = k * s.Hp + j * lanes<T>;
                store<T>(total + place, load<T>(total + place) + load<T>(step + place));
                store<T>(step + place, Vec<T>{});
            }
    }

    void write(const Share& share) const {
        if (share.team.index || !gradient) return;
        for (int64_t k = 0; k < count; k++)
            for (int64_t j = 0; j < s.J; j++) {
                Vec<T> total{};
                for (int64_t thread = 0; thread < share.team.count; thread++)
                    total += load<T>(step_sums(thread) + size + k * s.Hp + j * lanes<T>);
                store<T>(s.out(gradient) + k * s.H, j, s.H, total);
            }
    }
};

}  // namespace ISA
