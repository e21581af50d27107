// What the entry points take: a layer over a batch of sequences, as pointers. Plain C; the fields
// of native.py, in the same order.
#pragma once

#include <cstdint>

// Raised with every change of what the entry points take, return or mean; as VERSION in native.py.
constexpr int interface_version = 2;

enum class CellKind : int32_t { lstm, gru, elman };

// A cell of cells/, as numbers. Each reads its own.
struct Cell {
    CellKind kind;
    int32_t blocks;                         // of weights, one for each gate that is there
    int32_t input_gate, forget_gate, output_gate;  // whether they are there
    int32_t coupled, peephole;              // peephole: 0 none, 1 previous, 2 current
    int32_t input_activation, output_activation;
    int32_t reset_after;
    int32_t relu;
};

// G blocks of weights, P the width of h. Absent tensors are null.
struct Direction {
    const void *weight_ih, *weight_hh;      // [G * H, D], [G * H, P]
    const void *bias_ih, *bias_hh;          // [G * H]
    const void *weight_hr, *weight_ch;      // [P, H], [K * H]
    const void *h_0, *c_0;                  // [B, P], [B, H]
    void *h_n, *c_n;                        // [B, P], [B, H]
    void *gates, *cells;                    // [T, B, slots * padded], [T, B, padded], or null
    // Backward only.
    const void *d_h_n, *d_c_n;              // [B, P], [B, H]
    // Null where the gradient is not wanted.
    void *d_weight_ih, *d_weight_hh, *d_bias_ih, *d_bias_hh, *d_weight_hr, *d_weight_ch;
    void *d_h_0, *d_c_0, *d_x;
};

// Row (t, b) of a tensor [T, B, ...] is at t * time + b * batch, in numbers.
struct Strides {
    int64_t time, batch;
};

struct Call {
    Cell cell;
    int32_t is_double, threads, directions;
    int64_t T, B, D, H, P;
    int64_t padded;                         // H and what is missing to whole vectors
    Strides x_at, d_output_at;
    const int64_t* lengths;                 // [B] or null
    const void* x;                          // [T, B, D]
    void* output;                           // [T, B, directions * P]
    const void* d_output;                   // the same, or null for zeros; backward only
    Direction direction[2];
};

// Slots of a row of gates; see gru.h for the one that is no gate.
inline int64_t slots(const Cell& cell) {
    return cell.kind == CellKind::gru && cell.reset_after ? 4 : cell.blocks;
}
