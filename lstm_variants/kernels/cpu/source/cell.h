// What a cell supplies to the frame of forward.h and backward.h, and what it reads and writes.
//
// A cell supplies
//   input, recurrent, recurrent_bias  where the blocks of weights lie in a row of gates
//   apply(at)                         the new h, from the pre-activations of the gates
//   gradient(at, d)                   sets the gradients of the pre-activations, from the gradient d
//                                     of h, and returns the part of d that goes to the old h directly
// each for one vector of hidden units of n sequences.
#pragma once

#include "sequence.h"

namespace ISA {

template <class T> struct CellBase {
    // What a cell may have besides h: states of its own, c first.
    static constexpr int cell_states = 0;
    // A second recurrent product, with the rows of the recurrent weights from `inner_row` on, whose
    // result is added to the slots of `inner` (see gru.h); gates that are seen by the gates of the
    // next step.
    static constexpr bool has_inner_product = false, sees_gates = false;
    // Normalisation of whole rows, before the biases are added: a step has several stages; see
    // layer_norm.h.
    static constexpr bool normalises_rows = false;
    // Without, units do not depend on one another, and threads need not synchronise in a step.
    static constexpr bool has_recurrent_product = true;

    Sequence<T>& s;

    CellBase(Sequence<T>& sequence, bool /* backward */) : s(sequence) {}

    // How the rows of the second recurrent product lie in a row of gates.
    const Blocks inner{0, s.H, s.Hp};

    void pack(const Share&) const {}         // before the first step
    void end_step(const Share&) const {}     // backward only
    void write_gradients(const Share&) const {}
};

// Where the input's bias lies in a row of gates: nowhere, if it is added later, as the other one.
template <class Cell> const Blocks& input_bias_of(const Cell& cell) {
    if constexpr (Cell::normalises_rows) return cell.recurrent_bias;
    else return cell.input;
}

// Forward: vector j of n sequences from b on, at time t.
template <class T, int n> struct ForwardStep {
    using Vecs = VecBlock<T, n>;

    const Sequence<T>& s;
    const int64_t t, b, j;
    T* const gates;      // a row of slots: pre-activations at first
    T* const recurrent;  // what the next step sees: h, then perhaps gates
    const int64_t recurrent_stride;
    const T* const factors;  // of `recurrent` where weights multiply it; null if they are 1
    T* const c;  // a row of cell states
    const int64_t c_stride;
    T* const cells;  // where they are saved for the backward pass; null if they are not

    FORCED Vecs gate(int64_t slot) const { return {gates + slot * s.Hp, s.gates_stride}; }
    FORCED void save(int64_t slot, const Vecs& x) const {
        x.store_to(gates + slot * s.Hp, s.gates_stride);
    }
    FORCED bool saves() const { return s.io.gates; }
    // Number k of those behind the slots of the rows.
    FORCED Vecs of_row(int64_t k) const {
        return s.template numbers_of_rows<n>(gates - j * lanes<T> + s.gates_width + k);
    }
    FORCED Vecs h_old() const { return {recurrent, recurrent_stride}; }
    // h as the recurrent weights multiply it: after dropout.
    FORCED Vecs h_dropped() const {
        return factors ? h_old() * Vecs(factors, recurrent_stride) : h_old();
    }
    // Cell state k: c, then others.
    FORCED Vecs c_old(int64_t k = 0) const { return {c + k * s.Hp, c_stride}; }
    FORCED void set_c(const Vecs& x, int64_t k = 0) const {
        Vecs after = x;
        if (k == 0 && s.c_zoneout.is_used()) {
            after = s.c_zoneout.mixed(t, b, j, c_old(), x);
            if (cells) x.store_to(cells + s.call.cell.cell_states * s.Hp, c_stride);
        }
        after.store_to(c + k * s.Hp, c_stride);
        if (cells) after.store_to(cells + k * s.Hp, c_stride);
    }
    // Number k of the gates that the next step sees. Its padding stays zero: with an infinite input,
    // that of the gates is NaN.
    FORCED void set_seen(int64_t k, const Vecs& x) const {
        T* const row = recurrent - j * lanes<T> + s.Pp + k * s.Hp;
        s.write(row, recurrent_stride, j, s.H, x);
    }
};

// Backward: the same.
template <class T, int n> struct BackwardStep {
    using Vecs = VecBlock<T, n>;

    const Sequence<T>& s;
    const int64_t t, b, j, thread;
    T* const d_gates;  // a row of slots
    const int64_t d_gates_stride;
    T* const d_recurrent;
    const int64_t recurrent_stride;
    const T* const factors;
    T* const d_c_row;
    const int64_t c_stride;
    T* const unprojected;  // o * tanh(c), for the gradient of a projection; else null
    T* const inner;        // what the second recurrent product multiplies; else null

    static constexpr int L = lanes<T>;

    // A slot of the gates as the forward pass left it.
    FORCED Vecs gate(int64_t slot) const {
        const int64_t row = (s.rows.start(t) + b) * s.gates_stride;
        return {s.kept(s.io.gates) + row + slot * s.Hp + j * L, s.gates_stride};
    }
    // The padding stays zero: with an infinite input, that of the gates is NaN, and the recurrent
    // product would spread it.
    FORCED void set(int64_t slot, const Vecs& x) const {
        s.write(d_gates - j * L + slot * s.Hp, d_gates_stride, j, s.H, x);
    }
    // Number k of those behind the slots of the rows, and of the rows of gradients.
    FORCED Vecs of_row(int64_t k) const {
        const int64_t row = (s.rows.start(t) + b) * s.gates_stride;
        return s.template numbers_of_rows<n>(s.kept(s.io.gates) + row + s.gates_width + k);
    }
    FORCED Vecs of_d_row(int64_t k) const {
        return s.template numbers_of_rows<n>(d_gates - j * L + s.gates_width + k);
    }
    FORCED Vecs gradient_of(int64_t slot) const { return {d_gates + slot * s.Hp, d_gates_stride}; }
    // Of the stored output, which has fewer digits than h if it is in bfloat16.
    FORCED Vecs h_old() const {
        Vecs x;
        for (int k = 0; k < n; k++) x.v[k] = load<T>(s.h_before(t, b + k), j, s.H);
        return x;
    }
    // The same, if the forward pass keeps h as a slot of the gates: with all digits. There it is
    // without zoneout.
    FORCED Vecs h_old_kept(int64_t slot) const {
        if (s.h_zoneout.is_used()) return h_old();
        return s.template before<n>(t, b, j, s.io.gates, s.gates_stride, slot, s.io.h_0, T(0));
    }
    // h, or its gradient, times the factors of dropout.
    FORCED Vecs dropped(const Vecs& h) const {
        return factors ? h * Vecs(factors, recurrent_stride) : h;
    }
    // Cell state k as the step computed it, and its gradient.
    FORCED Vecs c(int64_t k = 0) const {
        if (k == 0 && s.c_zoneout.is_used()) k = s.call.cell.cell_states;
        const int64_t row = (s.rows.start(t) + b) * c_stride;
        return {s.kept(s.io.cells) + row + k * s.Hp + j * L, c_stride};
    }
    FORCED Vecs c_old(int64_t k = 0) const {
        return s.template before<n>(t, b, j, s.io.cells, c_stride, k, s.first_states()[k], s.start[k]);
    }
    FORCED Vecs d_c(int64_t k = 0) const {
        const Vecs d(d_c_row + k * s.Hp, c_stride);
        return k == 0 && s.c_zoneout.is_used() ? s.c_zoneout.of_new(t, b, j, d) : d;
    }
    FORCED void set_d_c(const Vecs& x, int64_t k = 0) const {
        T* const to = d_c_row + k * s.Hp;
        if (k == 0 && s.c_zoneout.is_used())
            (x + s.c_zoneout.of_old(t, b, j, Vecs(to, c_stride))).store_to(to, c_stride);
        else x.store_to(to, c_stride);
    }
    // The gradient of a gate from the next step's gates.
    FORCED Vecs take_d_seen(int64_t k) const {
        T* const from = d_recurrent + s.Pp + k * s.Hp;
        const Vecs d(from, recurrent_stride);
        Vecs(0).store_to(from, recurrent_stride);
        return d;
    }
};

}  // namespace ISA
