// What the entry points take: a layer over a batch of sequences, as pointers. Plain C.
//
// Kinds of cells and fields are listed once, here. The library exports the lists as text (call_layout
// in entry.cpp), and native.py builds a call by these names.
#pragma once

#include <cstdint>

#define CELL_KINDS(KIND)                                                                          \
    KIND(lstm) KIND(gru) KIND(elman) KIND(mgu) KIND(janet) KIND(indrnn) KIND(mingru) KIND(minlstm) \
    KIND(slstm) KIND(multiplicative) KIND(layer_norm)

#define ENUMERATOR(name) name,
enum class CellKind : int32_t { CELL_KINDS(ENUMERATOR) };
#undef ENUMERATOR

// A cell of cells/, as int32_t. Each kind reads its own settings.
#define CELL_FIELDS(FIELD)                                                                        \
    FIELD(kind)                                                                                   \
    FIELD(blocks) /* of weights, G */                                                             \
    FIELD(slots)  /* blocks of a row of gates: G, or more; see gru.h and layer_norm.h */          \
    FIELD(cell_states) /* besides h and gates */                                                  \
    FIELD(input_gate) FIELD(forget_gate) FIELD(output_gate) /* whether they are there */          \
    FIELD(coupled)                                                                                \
    FIELD(peephole) /* 0 none, 1 previous, 2 current */                                           \
    FIELD(input_activation) FIELD(output_activation)                                              \
    FIELD(gate_recurrence)                                                                        \
    FIELD(reset_after)                                                                            \
    FIELD(relu)                                                                                   \
    FIELD(exponential_forget)

// int32_t. With `is_bfloat16`, tensors are bfloat16, except that `gates` and `cells` are float32, and so are
// the `d_x` of two directions, which the caller adds. `threads` are at most so many: see thread_count.h.
#define OPTION_FIELDS(FIELD) FIELD(is_double) FIELD(is_bfloat16) FIELD(threads) FIELD(directions)

// int64_t. Row (t, b) of a tensor [T, B, ...] with strides is at t * time + b * batch, in numbers. Row k
// of a packed one, [N, ...], is at k * batch.
#define SIZE_FIELDS(FIELD)                                                                        \
    FIELD(T) FIELD(B) FIELD(D) FIELD(H) FIELD(P)                                                  \
    FIELD(padded) /* H, rounded up to whole vectors */                                            \
    FIELD(N) /* packed rows */                                                                    \
    FIELD(x_time) FIELD(x_batch) FIELD(d_output_time) FIELD(d_output_batch)

// double. A share of zoneout is that of the old state in the new one; 0 without.
#define REAL_FIELDS(FIELD) FIELD(beta) /* of JANET */ FIELD(h_share) FIELD(c_share)

// Pointers; INPUT is read and OUTPUT is written. Absent tensors are null.
//
// With `batch_sizes`, sequences are packed: B of them lie from the longest to the shortest, and the
// first batch_sizes[t] have time step t. All tensors [T, B, ...] are then [N, ...], the rows of one
// time step after those of the other, and there are no lengths.
#define TENSOR_FIELDS(INPUT, OUTPUT)                                                              \
    INPUT(lengths)  /* [B], int64_t */                                                            \
    INPUT(batch_sizes) /* [T], int64_t */                                                         \
    INPUT(resets)   /* [T, B], bytes, 0 or 1 */                                                   \
    INPUT(x)        /* [T, B, D] */                                                               \
    OUTPUT(output)  /* [T, B, directions * P] */                                                  \
    INPUT(d_output) /* the same; null for zeros; backward only */

// Pointers of each direction. P is the width of h. Null gradients are not computed.
#define DIRECTION_FIELDS(INPUT, OUTPUT)                                                           \
    INPUT(weight_ih) INPUT(weight_hh) /* [G * H, D], [G * H, P] or [H] */                                \
    INPUT(bias_ih) INPUT(bias_hh)     /* [G * H] */                                               \
    INPUT(weight_hr)                  /* [P, H] */                                                \
    INPUT(weight_ch)                  /* [K * H] */                                               \
    INPUT(weight_gh)                  /* [3 * H, 3 * H] */                                        \
    INPUT(gain_ih) INPUT(gain_hh) INPUT(gain_c) INPUT(bias_c) /* [G * H], the last ones [H] */    \
    INPUT(h_0) INPUT(c_0) INPUT(n_0) INPUT(m_0) /* [B, P], others [B, H] */                       \
    INPUT(i_0) INPUT(f_0) INPUT(o_0)                                                              \
    INPUT(h_factors) /* of h where the recurrent weights multiply it, [B, P], as gates */         \
    INPUT(h_mask) INPUT(c_mask) /* where zoneout keeps the old state, [T, B, P], others [T, B, H], bytes */ \
    OUTPUT(h_n) OUTPUT(c_n) OUTPUT(n_n) OUTPUT(m_n) OUTPUT(i_n) OUTPUT(f_n) OUTPUT(o_n)           \
    OUTPUT(gates) /* [T, B, slots * padded + 64 bytes]; for backward, as the next */               \
    OUTPUT(cells) /* [T, B, (cell_states, and one more with zoneout of c) * padded] */            \
    INPUT(d_h_n) INPUT(d_c_n) INPUT(d_n_n) INPUT(d_m_n) INPUT(d_i_n) INPUT(d_f_n) INPUT(d_o_n)    \
    OUTPUT(d_weight_ih) OUTPUT(d_weight_hh) OUTPUT(d_bias_ih) OUTPUT(d_bias_hh)                   \
    OUTPUT(d_weight_hr) OUTPUT(d_weight_ch) OUTPUT(d_weight_gh)                                   \
    OUTPUT(d_gain_ih) OUTPUT(d_gain_hh) OUTPUT(d_gain_c) OUTPUT(d_bias_c)                         \
    OUTPUT(d_h_0) OUTPUT(d_c_0) OUTPUT(d_n_0) OUTPUT(d_m_0)                                       \
    OUTPUT(d_i_0) OUTPUT(d_f_0) OUTPUT(d_o_0)                                                     \
    OUTPUT(d_x) /* [T, B, D] */

#define INT32(name) int32_t name;
#define INT64(name) int64_t name;
#define DOUBLE(name) double name;
#define INPUT_POINTER(name) const void* name;
#define OUTPUT_POINTER(name) void* name;

struct Cell {
    CELL_FIELDS(INT32)
};

struct Direction {
    DIRECTION_FIELDS(INPUT_POINTER, OUTPUT_POINTER)
};

struct Call {
    Cell cell;
    OPTION_FIELDS(INT32)
    SIZE_FIELDS(INT64)
    REAL_FIELDS(DOUBLE)
    TENSOR_FIELDS(INPUT_POINTER, OUTPUT_POINTER)
    Direction direction[2];
};

#undef INT32
#undef INT64
#undef DOUBLE
#undef INPUT_POINTER
#undef OUTPUT_POINTER
