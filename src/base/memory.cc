#include "base/memory.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace virtue {
namespace {

/// Code and constants: they only come from a file and are never written, so nothing is lost with them.
bool is_constant(const ElfW(Phdr) & segment) {
    return segment.p_type == PT_LOAD && (segment.p_flags & PF_W) == 0;
}

int let_go_of_constants(dl_phdr_info* object, size_t, void*) {
    const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr)& segment = object->dlpi_phdr[i];
        if (!is_constant(segment)) continue;
        const uintptr_t start = (object->dlpi_addr + segment.p_vaddr + page - 1) / page * page;
        const uintptr_t end = (object->dlpi_addr + segment.p_vaddr + segment.p_filesz) / page * page;
        if (start < end) ::madvise(reinterpret_cast<void*>(start), end - start, MADV_DONTNEED);
    }
    return 0;
}

}  // namespace

void give_back_memory() noexcept {
    ::malloc_trim(0);
    ::dl_iterate_phdr(let_go_of_constants, nullptr);
}

}  // namespace virtue
