// The LSTM family. The equations are those of cells/lstm.py; a gate that is not there is 1.
#pragma once

#include "cell.h"
#include "diagonal.h"

namespace ISA {

enum PeepholeKind : int32_t { none, previous, current };

// Where the gates lie in a row of gates; -1 if absent.
struct LSTMSlots {
    int i, f, g, o, count = 0;

    explicit LSTMSlots(const Cell& cell) {
        i = cell.input_gate ? count++ : -1;
        f = cell.forget_gate && !cell.coupled ? count++ : -1;
        g = count++;
        o = cell.output_gate ? count++ : -1;
    }
};

// `gate_recurrence`: the gates see i, f and o of the step before.
template <class T, bool gate_recurrence> struct LSTM : CellBase<T> {
    using CellBase<T>::s;
    static constexpr int cell_states = 1;
    static constexpr bool sees_gates = gate_recurrence;

    const Cell& cell = s.call.cell;
    const LSTMSlots slot{cell};
    const Blocks input{slot.count, s.H, s.Hp}, recurrent = input, recurrent_bias = input;
    const int p_o = slot.o - 1;  // the candidate has no peephole
    DiagonalWeights<T> peepholes;

    LSTM(Sequence<T>& sequence, bool backward)
        : CellBase<T>(sequence, backward),
          peepholes(
              sequence, s.io.weight_ch, s.io.d_weight_ch, cell.peephole == none ? 0 : slot.count - 1,
              backward
          ) {}

    // Of the gates that the next step sees.
    std::array<int64_t, 3> seen_slots() const { return {slot.i, slot.f, slot.o}; }

    void pack(const Share& share) const { peepholes.pack(share); }
    void end_step(const Share& share) const { peepholes.add_up(share); }
    void write_gradients(const Share& share) const { peepholes.write(share); }

    template <int n> FORCED VecBlock<T, n> apply(const ForwardStep<T, n>& at) const {
        using Vecs = VecBlock<T, n>;
        const auto peep = peepholes.at(at.j);
        const Vecs c_old = at.c_old();
        Vecs i(1), f(1), o(1), g = at.gate(slot.g);
        if (slot.i >= 0) i = sigmoid(at.gate(slot.i) + peep(slot.i, c_old));
        if (slot.f >= 0) f = sigmoid(at.gate(slot.f) + peep(slot.f, c_old));
        if (cell.coupled) f = T(1) - i;
        if (cell.input_activation) g = tanh(g);
        const Vecs c = f * c_old + i * g;
        if (slot.o >= 0) {
            const Vecs& seen = cell.peephole == current ? c : c_old;
            o = sigmoid(at.gate(slot.o) + peep(p_o, seen));
        }
        at.set_c(c);
        if (gate_recurrence) {
            at.set_seen(0, i);
            at.set_seen(1, f);
            at.set_seen(2, o);
        }
        if (at.saves()) {
            if (slot.i >= 0) at.save(slot.i, i);
            if (slot.f >= 0) at.save(slot.f, f);
            at.save(slot.g, g);
            if (slot.o >= 0) at.save(slot.o, o);
        }
        return o * (cell.output_activation ? tanh(c) : c);
    }

    template <int n>
    FORCED VecBlock<T, n> gradient(const BackwardStep<T, n>& at, const VecBlock<T, n>& d) const {
        using Vecs = VecBlock<T, n>;
        const auto peep = peepholes.at(at.j);
        const auto gate = [&](int k) { return k < 0 ? Vecs(1) : at.gate(k); };
        // The gradient of a gate besides what comes from c and h.
        const auto with_seen = [&](int k, const Vecs& d_gate) {
            if constexpr (gate_recurrence) return d_gate + at.take_d_seen(k);
            else return d_gate;
        };
        const Vecs c_old = at.c_old(), c = at.c();
        const Vecs i = gate(slot.i), g = gate(slot.g), o = gate(slot.o);
        const Vecs f = cell.coupled ? T(1) - i : gate(slot.f);

        Vecs activated = c, slope(1);
        if (cell.output_activation) {
            activated = tanh(c);
            slope = T(1) - activated * activated;
        }
        if (at.unprojected) (o * activated).store_to(at.unprojected, s.Hp);
        Vecs d_c = at.d_c() + d * o * slope, d_old(0);
        if (slot.o >= 0) {
            const Vecs d_o = with_seen(2, d * activated) * o * (T(1) - o);
            at.set(slot.o, d_o);
            if (cell.peephole == current) d_c = d_c + peep(p_o, d_o);
            else d_old = d_old + peep(p_o, d_o);
            peep.add(at.thread, p_o, d_o * (cell.peephole == current ? c : c_old));
        }
        if (slot.i >= 0) {
            const Vecs d_i =
                with_seen(0, d_c * (cell.coupled ? g - c_old : g)) * i * (T(1) - i);
            at.set(slot.i, d_i);
            d_old = d_old + peep(slot.i, d_i);
            peep.add(at.thread, slot.i, d_i * c_old);
        }
        if (slot.f >= 0) {
            const Vecs d_f = with_seen(1, d_c * c_old) * f * (T(1) - f);
            at.set(slot.f, d_f);
            d_old = d_old + peep(slot.f, d_f);
            peep.add(at.thread, slot.f, d_f * c_old);
        }
        at.set(slot.g, cell.input_activation ? d_c * i * (T(1) - g * g) : d_c * i);
        at.set_d_c(d_old + d_c * f);
        return Vecs(0);
    }
};

template <class T> using PlainLSTM = LSTM<T, false>;
template <class T> using GateRecurrentLSTM = LSTM<T, true>;

}  // namespace ISA
