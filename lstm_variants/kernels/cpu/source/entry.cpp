// The entry points: which instruction sets were compiled and can run here, and a call to one.
#include <new>

#include "call.h"
#include "terms.h"
#include "thread_count.h"

#if defined(HAS_AMX)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#define EXPORTED __attribute__((visibility("default")))

// The passes that were compiled for an instruction set.
struct Passes {
    void (*forward)(const Call&);
    void (*backward)(const Call&);
};
#define COMPILED(name)                                                                          \
    namespace name {                                                                            \
    void run_forward(const Call&);                                                              \
    void run_backward(const Call&);                                                             \
    constexpr Passes passes{run_forward, run_backward};                                         \
    }
COMPILED(baseline)
#if defined(__x86_64__)
COMPILED(avx2)
COMPILED(avx512)
#if defined(HAS_AVX512_BF16)
COMPILED(avx512_bf16)
#endif
#if defined(HAS_AMX)
COMPILED(amx)
#endif
#endif

namespace {

bool always() { return true; }

// `in_bfloat16`: for calls in bfloat16, if these have passes of their own, and whether the system permits
// them.
struct InstructionSet {
    const char* name;
    bool here;
    Passes passes, in_bfloat16 = {};
    bool (*permitted)() = always;
};

#if defined(__x86_64__)
bool has_avx512() {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")
           && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
           && __builtin_cpu_supports("fma");
}
bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
#endif

#if defined(HAS_AMX)
constexpr long supported_states = 0x1021, request_permission = 0x1023, tile_data = 18;

// Whether processor and system have matrix units for bfloat16 (AMX).
bool has_matrix_units() {
#if defined(SIMULATED_TILES)
    return true;
#else
    unsigned a, b, c, d;
    uint64_t states = 0;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d >> 22 & 1) && (d >> 24 & 1)
           && syscall(SYS_arch_prctl, supported_states, &states) == 0 && (states >> tile_data & 1);
#endif
}

// Linux lets a process use them only on request: without that, the first instruction is a SIGILL.
// Requested at the first call that uses them: from then on, Linux rejects small signal stacks.
bool may_use_matrix_units() {
#if defined(SIMULATED_TILES)
    return true;
#else
    static const bool permitted = syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
    return permitted;
#endif
}
#endif

// The fastest first.
const InstructionSet* sets() {
#if defined(HAS_AVX512_BF16)
    const bool has_products = has_avx512() && __builtin_cpu_supports("avx512bf16");
    // Intel's vector units take longer for these products than for those of float32.
    const bool are_slow = __builtin_cpu_is("intel");
#endif
    static const InstructionSet all[] = {
#if defined(__x86_64__)
#if defined(HAS_AMX)
        {"amx", has_products && has_matrix_units(), avx512::passes, amx::passes,
         may_use_matrix_units},
#endif
#if defined(HAS_AVX512_BF16)
        {"avx512_bf16", has_products && !are_slow, avx512::passes, avx512_bf16::passes},
#endif
        {"avx512", has_avx512(), avx512::passes},
#if defined(HAS_AVX512_BF16)
        {"avx512_bf16", has_products && are_slow, avx512::passes, avx512_bf16::passes},
#endif
        {"avx2", has_avx2(), avx2::passes},
#endif
        {"baseline", true, baseline::passes},
        {},
    };
    return all;
}

// Whether the rows of packed sequences are those that their tensors have.
bool fit(const Call& call) {
    const auto sizes = static_cast<const int64_t*>(call.batch_sizes);
    int64_t before = call.B, rows = 0;
    for (int64_t t = 0; t < call.T; t++) {
        if (sizes[t] < 0 || sizes[t] > before) return false;
        rows += before = sizes[t];
    }
    return rows == call.N && !call.lengths;
}

}  // namespace

float* memory_for_terms() {
    alignas(64) static thread_local float terms[max_places * max_rows_of_terms];
    return terms;
}

// The name of number n of the instruction sets, the fastest first: "" if this machine lacks it,
// null past the last.
extern "C" EXPORTED const char* lstm_variants_instruction_set(int n) {
    const InstructionSet& set = sets()[n];
    return set.name && !set.here ? "" : set.name;
}

// Whether number n has passes for calls in bfloat16, and the system permits them.
extern "C" EXPORTED int lstm_variants_multiplies_bfloat16(int n) {
    return sets()[n].in_bfloat16.forward && sets()[n].permitted();
}

// Nothing has been written if the result is not `done`.
enum Result {
    done, out_of_memory, lengths_out_of_range, bfloat16_not_supported, batch_sizes_do_not_fit
};

extern "C" EXPORTED GrainSizes lstm_variants_grain_sizes{1'000'000, 64'000};

// For how many threads there is enough work in a call, at most those that it has.
extern "C" EXPORTED int lstm_variants_thread_count(const Call* call) {
    return thread_count(*call, lstm_variants_grain_sizes);
}

extern "C" EXPORTED int lstm_variants_run(const Call* given, int instruction_set, int backward) {
    const InstructionSet& set = sets()[instruction_set];
    Call call = *given;
    if (call.is_bfloat16 && !lstm_variants_multiplies_bfloat16(instruction_set))
        return bfloat16_not_supported;
    const Passes& passes = call.is_bfloat16 ? set.in_bfloat16 : set.passes;
    const auto lengths = static_cast<const int64_t*>(call.lengths);
    for (int64_t b = 0; lengths && b < call.B; b++)
        if (lengths[b] < 0 || lengths[b] > call.T) return lengths_out_of_range;
    if (call.batch_sizes && !fit(call)) return batch_sizes_do_not_fit;
    call.threads = lstm_variants_thread_count(given);
    try {
        (backward ? passes.backward : passes.forward)(call);
    } catch (const std::bad_alloc&) {
        return out_of_memory;
    }
    return done;
}

// Of these files, from CMakeLists.txt: native.py does not load a library that was built from others.
extern "C" EXPORTED const char* lstm_variants_sources_digest() { return SOURCES_DIGEST; }

// The kinds of cells, and the fields of a call by group, in order, from which native.py builds calls.
extern "C" EXPORTED const char* lstm_variants_call_layout() {
#define NAME(name) #name " "
    return CELL_KINDS(NAME) ";" CELL_FIELDS(NAME) ";" OPTION_FIELDS(NAME) ";" SIZE_FIELDS(NAME) ";"
           REAL_FIELDS(NAME) ";" TENSOR_FIELDS(NAME, NAME) ";" DIRECTION_FIELDS(NAME, NAME);
#undef NAME
}
extern "C" EXPORTED int lstm_variants_call_size() { return sizeof(Call); }

// Whether several threads can share the work.
extern "C" EXPORTED int lstm_variants_has_threads() {
#ifdef __ELF__  // see threads.h
    return 1;
#else
    return 0;
#endif
}
