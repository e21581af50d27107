// What the recurrent weights multiply: h and, if the gates see the gates of the step before, i, f
// and o, side by side in one row.
#pragma once

#include <initializer_list>

#include "cell.h"
#include "gradient.h"

namespace ISA {

template <class T, bool sees_gates> class Recurrent {
    static constexpr int seen = sees_gates ? 3 : 0;  // blocks of weight_gh
    Sequence<T>& s;

  public:
    const int64_t stride = s.Pp + seen * s.Hp;
    const int64_t columns = sees_gates ? stride : s.P;

  private:
    const int64_t rows = s.call.cell.blocks * s.H;
    // weight_hh and weight_gh as one matrix, with zeros where a row is padded; and its gradient.
    Stored<T>* const joined = s.scratch.template take<Stored<T>>(sees_gates ? rows * columns : 0);

    // The row of weight_gh that belongs to a row of weight_hh; null for the candidate, block 2.
    template <class P> P* row_of_gates(P* weight_gh, int64_t row) const {
        const int64_t block = row / s.H, unit = row % s.H;
        if (block == 2) return nullptr;
        return weight_gh + ((block == 3 ? 2 : block) * s.H + unit) * seen * s.H;
    }

  public:
    explicit Recurrent(Sequence<T>& sequence) : s(sequence) {}

    const Stored<T>* weights() const { return sees_gates ? joined : s.in(s.io.weight_hh); }

    // Before the weights are packed.
    void join(const Share& share) const {
        if constexpr (sees_gates) {
            for (int64_t row : share.team.of(rows)) {
                Stored<T>* const to = joined + row * columns;
                std::fill_n(to, columns, Stored<T>(0));
                std::copy_n(s.in(s.io.weight_hh) + row * s.P, s.P, to);
                if (const auto* from = row_of_gates(s.in(s.io.weight_gh), row))
                    for (int k = 0; k < seen; k++)
                        std::copy_n(from + k * s.H, s.H, to + s.Pp + k * s.Hp);
            }
            share.wait_for_team();
        }
    }

    void write_gradient(const Share& share, const SumOfProducts<T>& sum) const {
        if constexpr (sees_gates) {
            if (!s.io.d_weight_hh && !s.io.d_weight_gh) return;
            sum.write(share, joined);
            share.wait_for_team();
            for (int64_t row : share.team.of(rows)) {
                const Stored<T>* const from = joined + row * columns;
                if (s.io.d_weight_hh) std::copy_n(from, s.P, s.out(s.io.d_weight_hh) + row * s.P);
                if (!s.io.d_weight_gh) continue;
                if (auto* const to = row_of_gates(s.out(s.io.d_weight_gh), row))
                    for (int k = 0; k < seen; k++)
                        std::copy_n(from + s.Pp + k * s.Hp, s.H, to + k * s.H);
            }
        } else if (s.io.d_weight_hh)
            sum.write(share, s.out(s.io.d_weight_hh));
    }

    // Between the rows and the states of a call: of h, and of the gates.
    void read(const Share& share, const void* h, std::array<const void*, 3> gates, T* row) const {
        s.read_state(share, h, s.P, row, s.Pp, stride);
        for (int k = 0; k < seen; k++)
            s.read_state(share, gates[k], s.H, row + s.Pp + k * s.Hp, s.Hp, stride);
    }
    void write(const Share& share, const T* row, void* h, std::array<void*, 3> gates) const {
        s.write_state(share, row, s.Pp, stride, h, s.P);
        for (int k = 0; k < seen; k++)
            s.write_state(share, row + s.Pp + k * s.Hp, s.Hp, stride, gates[k], s.H);
    }
};

}  // namespace ISA
