// The entry points: which instruction sets were compiled and can run here, and a call to one.
#include <new>
#include <string_view>

#include "call.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#define EXPORTED __attribute__((visibility("default")))

// Of every instruction set that the build names: X(name, whether this machine has it).
#if defined(__x86_64__)
#define INSTRUCTION_SETS(X)                                                                     \
    X(avx512, __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")           \
              && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")       \
              && __builtin_cpu_supports("fma"))                                                 \
    X(avx2, __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))                    \
    X(baseline, true)
#else
#define INSTRUCTION_SETS(X) X(baseline, true)
#endif

#define DECLARE(name, here)                                                                     \
    namespace name {                                                                            \
    void run_forward(const Call&);                                                              \
    void run_backward(const Call&);                                                             \
    }
INSTRUCTION_SETS(DECLARE)
#if defined(HAS_AVX512_BF16)
DECLARE(avx512_bf16, )
#endif

namespace {

struct InstructionSet {
    const char* name;
    bool here;
    void (*forward)(const Call&);
    void (*backward)(const Call&);
};

// The fastest first.
const InstructionSet* sets() {
#define ENTRY(name, here) {#name, bool(here), name::run_forward, name::run_backward},
    static const InstructionSet all[] = {INSTRUCTION_SETS(ENTRY){nullptr, false, nullptr, nullptr}};
    return all;
}

// The variant of AVX-512 whose products are of bfloat16; null if compiler or machine lack these.
const InstructionSet* bfloat16_set() {
#if defined(HAS_AVX512_BF16)
    static const InstructionSet set{
        "avx512_bf16", bool(__builtin_cpu_supports("avx512bf16")), avx512_bf16::run_forward,
        avx512_bf16::run_backward
    };
    if (set.here) return &set;
#endif
    return nullptr;
}

}  // namespace

// The name of number n of the instruction sets, the fastest first: "" if this machine lacks it,
// null past the last.
extern "C" EXPORTED const char* lstm_variants_instruction_set(int n) {
    const InstructionSet& set = sets()[n];
    return set.name && !set.here ? "" : set.name;
}

// Whether number n of the instruction sets has products of bfloat16.
extern "C" EXPORTED int lstm_variants_multiplies_bfloat16(int n) {
    return bfloat16_set() && std::string_view(sets()[n].name) == "avx512";
}

// Whether this machine has matrix units for bfloat16 (AMX), which these kernels do not use.
extern "C" EXPORTED int lstm_variants_has_matrix_units() {
#if defined(__x86_64__)
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d >> 22 & 1);
#else
    return 0;
#endif
}

// Nothing has been written if the result is not `done`.
enum Result { done, out_of_memory, lengths_out_of_range };

extern "C" EXPORTED int lstm_variants_run(const Call* call, int instruction_set, int backward) {
    const bool in_bfloat16 =
        call->is_bfloat16 && lstm_variants_multiplies_bfloat16(instruction_set);
    const InstructionSet& set = in_bfloat16 ? *bfloat16_set() : sets()[instruction_set];
    const auto lengths = static_cast<const int64_t*>(call->lengths);
    for (int64_t b = 0; lengths && b < call->B; b++)
        if (lengths[b] < 0 || lengths[b] > call->T) return lengths_out_of_range;
    try {
        (backward ? set.backward : set.forward)(*call);
    } catch (const std::bad_alloc&) {
        return out_of_memory;
    }
    return done;
}

// Of these files, from CMakeLists.txt: native.py refuses a library that was built from others.
extern "C" EXPORTED const char* lstm_variants_sources_digest() { return SOURCES_DIGEST; }

// The fields of a call by group, in order, from which native.py builds calls.
extern "C" EXPORTED const char* lstm_variants_call_layout() {
#define NAME(name) #name " "
    return CELL_FIELDS(NAME) ";" OPTION_FIELDS(NAME) ";" SIZE_FIELDS(NAME) ";"
           TENSOR_FIELDS(NAME, NAME) ";" DIRECTION_FIELDS(NAME, NAME);
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
