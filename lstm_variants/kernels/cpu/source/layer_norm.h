// The LSTM with layer normalisation. The equations are those of cells/layer_norm.py.
//
// A row of gates has the slots W x and U h, of i, f, g and o each. What is known of a row as a whole
// lies behind its slots. The backward pass computes the gates again: to keep them takes longer.
#pragma once

#include <cmath>

#include "cell.h"
#include "diagonal.h"

namespace ISA {

template <class T> struct LayerNormLSTM : CellBase<T> {
    using CellBase<T>::s;
    static constexpr int L = lanes<T>;
    static constexpr int cell_states = 1;
    static constexpr bool normalises_rows = true;
    static constexpr T epsilon = T(1e-5);  // of torch.nn.LayerNorm

    enum { i, f, g, o };
    struct Slot {
        enum { wx, uh = 4 };
    };
    // Of a row: mean and inverse standard deviation of W x, U h and c. Of a row of gradients: what
    // the normalisations take away, the mean gradient of the normalised numbers, and its mean
    // product with these.
    struct OfRow {
        enum { wx, uh = 2, c = 4 };
    };

    const Blocks input{4, s.H, s.Hp}, recurrent{4, s.H, s.Hp, 0, Slot::uh};
    const Blocks recurrent_bias{0, s.H, s.Hp};  // added after the normalisation
    const DiagonalWeights<T> gain_x, gain_h, gain_c, bias_x, bias_h, bias_c;
    T* const c_and_o;  // forward: [B, 2 * Hp]; c before zoneout

    LayerNormLSTM(Sequence<T>& sequence, bool backward)
        : CellBase<T>(sequence, backward),
          gain_x(sequence, s.io.gain_ih, s.io.d_gain_ih, 4, backward),
          gain_h(sequence, s.io.gain_hh, s.io.d_gain_hh, 4, backward),
          gain_c(sequence, s.io.gain_c, s.io.d_gain_c, 1, backward),
          bias_x(sequence, s.io.bias_ih, s.io.d_bias_ih, s.io.bias_ih ? 4 : 0, backward),
          bias_h(sequence, s.io.bias_hh, s.io.d_bias_hh, s.io.bias_hh ? 4 : 0, backward),
          bias_c(sequence, s.io.bias_c, s.io.d_bias_c, s.io.bias_c ? 1 : 0, backward),
          c_and_o(sequence.scratch.take(backward ? 0 : s.B * 2 * s.Hp)) {}

    std::array<const DiagonalWeights<T>*, 6> vectors() const {
        return {&gain_x, &gain_h, &gain_c, &bias_x, &bias_h, &bias_c};
    }
    void pack(const Share& share) const {
        for (const auto* some : vectors()) some->pack(share);
    }
    void end_step(const Share& share) const {
        for (const auto* some : vectors()) some->add_up(share);
    }
    void write_gradients(const Share& share) const {
        for (const auto* some : vectors()) some->write(share);
    }

    // The stages of a forward step: of a row, of vectors of units, of a row, of vectors.

    void read_products(T* row) const {
        read_moments(row + Slot::wx * s.Hp, 4, row + s.gates_width + OfRow::wx);
        read_moments(row + Slot::uh * s.Hp, 4, row + s.gates_width + OfRow::uh);
    }
    template <int n> FORCED void apply_cell_state(const ForwardStep<T, n>& at) const {
        const auto c = sigmoid(sum(at, f)) * at.c_old() + sigmoid(sum(at, i)) * tanh(sum(at, g));
        T* const to = c_and_o + at.b * 2 * s.Hp + at.j * L;
        c.store_to(to, 2 * s.Hp);
        sigmoid(sum(at, o)).store_to(to + s.Hp, 2 * s.Hp);
        at.set_c(c);
    }
    void read_cell_state(T* row, int64_t b) const {
        read_moments(c_and_o + b * 2 * s.Hp, 1, row + s.gates_width + OfRow::c);
    }
    template <int n> FORCED VecBlock<T, n> apply(const ForwardStep<T, n>& at) const {
        const T* const from = c_and_o + at.b * 2 * s.Hp + at.j * L;
        const VecBlock<T, n> c(from, 2 * s.Hp), out(from + s.Hp, 2 * s.Hp);
        return out * activated_cell_state(at, c);
    }

    // The same of a backward step. The first one sets the gradients of o and, where that of i comes
    // later, of the normalised c.

    template <int n>
    FORCED VecBlock<T, n> gradient(const BackwardStep<T, n>& at, const VecBlock<T, n>& d) const {
        const auto c = at.c(), out = sigmoid(sum(at, o)), activated = activated_cell_state(at, c);
        const auto d_scaled = d * out * (T(1) - activated * activated);
        gain_c.at(at.j).add(at.thread, 0, d_scaled * normalised(at, OfRow::c, c));
        bias_c.at(at.j).add(at.thread, 0, d_scaled);
        at.set(i, gain_c.at(at.j)(0, d_scaled));
        at.set(o, d * activated * out * (T(1) - out));
        return VecBlock<T, n>(0);
    }
    void sum_up_cell_state(const T* row, const T* c, T* d) const {
        const T* const known = row + s.gates_width + OfRow::c;
        read_means(c, known, d + i * s.Hp, 1, d + s.gates_width + OfRow::c);
    }
    template <int n> FORCED void gradient_of_gates(const BackwardStep<T, n>& at) const {
        const auto write = sigmoid(sum(at, i)), keep = sigmoid(sum(at, f));
        const auto new_c = tanh(sum(at, g));
        const auto d_c = at.d_c() + gradient_of(at, OfRow::c, at.c(), at.gradient_of(i));
        const VecBlock<T, n> d_gates[] = {
            d_c * new_c * write * (T(1) - write), d_c * at.c_old() * keep * (T(1) - keep),
            d_c * write * (T(1) - new_c * new_c), at.gradient_of(o)
        };
        at.set_d_c(d_c * keep);
        const auto scaled_x = gain_x.at(at.j), scaled_h = gain_h.at(at.j);
        const auto shift_x = bias_x.at(at.j), shift_h = bias_h.at(at.j);
        for (int k = 0; k < 4; k++) {
            const auto& d = d_gates[k];
            shift_x.add(at.thread, k, d);
            shift_h.add(at.thread, k, d);
            scaled_x.add(at.thread, k, d * normalised(at, OfRow::wx, at.gate(k)));
            scaled_h.add(at.thread, k, d * normalised(at, OfRow::uh, at.gate(Slot::uh + k)));
            at.set(k, scaled_x(k, d));
            at.set(Slot::uh + k, scaled_h(k, d));
        }
    }
    void sum_up_products(const T* row, T* d) const {
        const auto sum_up = [&](int slot, int known) {
            const T* const x = row + slot * s.Hp;
            T* const d_x = d + slot * s.Hp;
            read_means(x, row + s.gates_width + known, d_x, 4, d + s.gates_width + known);
        };
        sum_up(Slot::wx, OfRow::wx);
        sum_up(Slot::uh, OfRow::uh);
    }
    template <int n> FORCED void gradient_of_products(const BackwardStep<T, n>& at) const {
        for (int k = 0; k < 4; k++) {
            const int uh = Slot::uh + k;
            at.set(k, gradient_of(at, OfRow::wx, at.gate(k), at.gradient_of(k)));
            at.set(uh, gradient_of(at, OfRow::uh, at.gate(uh), at.gradient_of(uh)));
        }
    }

  private:
    // What gate k is the activation of.
    template <class Step> FORCED auto sum(const Step& at, int k) const {
        const auto wx = at.gate(k), uh = at.gate(Slot::uh + k);
        const std::decay_t<decltype(wx)> one(1);
        return gain_x.at(at.j)(k, normalised(at, OfRow::wx, wx)) + bias_x.at(at.j)(k, one)
               + gain_h.at(at.j)(k, normalised(at, OfRow::uh, uh)) + bias_h.at(at.j)(k, one);
    }
    template <class Step, int n>
    FORCED VecBlock<T, n> normalised(const Step& at, int known, const VecBlock<T, n>& x) const {
        return (x - at.of_row(known)) * at.of_row(known + 1);
    }
    template <class Step, int n>
    FORCED VecBlock<T, n> activated_cell_state(const Step& at, const VecBlock<T, n>& c) const {
        const auto scaled = gain_c.at(at.j)(0, normalised(at, OfRow::c, c));
        return tanh(scaled + bias_c.at(at.j)(0, VecBlock<T, n>(1)));
    }
    // Of x, from the gradient d of the normalised x.
    template <int n>
    FORCED VecBlock<T, n> gradient_of(
        const BackwardStep<T, n>& at, int known, const VecBlock<T, n>& x, const VecBlock<T, n>& d
    ) const {
        const auto along = normalised(at, known, x) * at.of_d_row(known + 1);
        return (d - at.of_d_row(known) - along) * at.of_row(known + 1);
    }

    // The mean of f(place) over the units of some blocks, for vectors of them.
    template <class F> T mean(int blocks, const F& f) const {
        const int64_t whole = s.H / L, rest = s.H % L;
        Vec<T> sum[4] = {};
        for (int k = 0; k < blocks; k++) {
            for (int64_t j = 0; j < whole; j++) sum[j % 4] += f(k * s.Hp + j * L);
            if (rest) {
                const Vec<T> last = f(k * s.Hp + whole * L);
                sum[0] += load<T>(reinterpret_cast<const T*>(&last), 0, rest);
            }
        }
        const Vec<T> all = (sum[0] + sum[1]) + (sum[2] + sum[3]);
        T total = 0;
        for (int lane = 0; lane < L; lane++) total += all[lane];
        return total / T(blocks * s.H);
    }
    void read_moments(const T* x, int blocks, T* known) const {
        const Vec<T> middle =
            all<T>(mean(blocks, [&](int64_t place) { return load<T>(x + place); }));
        const T variance = mean(blocks, [&](int64_t place) {
            const Vec<T> deviation = load<T>(x + place) - middle;
            return deviation * deviation;
        });
        known[0] = middle[0];
        known[1] = T(1) / std::sqrt(variance + epsilon);
    }
    // Of the gradient d of the normalised x, and of its product with that.
    void read_means(const T* x, const T* known, const T* d, int blocks, T* means) const {
        const Vec<T> middle = all<T>(known[0]), scale = all<T>(known[1]);
        means[0] = mean(blocks, [&](int64_t place) { return load<T>(d + place); });
        means[1] = mean(blocks, [&](int64_t place) {
            return load<T>(d + place) * ((load<T>(x + place) - middle) * scale);
        });
    }
};

}  // namespace ISA
