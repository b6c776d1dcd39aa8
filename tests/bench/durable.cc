// Loaded into libvirtd (LD_PRELOAD) for the figures "as durable": after a definition's file was renamed into place or
// removed, its folder is synced before the call returns, as virtued does. libvirtd 9.0 syncs the file, never the
// folder: a power cut just after it reported success may undo what it reported.

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>

namespace {

void sync_folder_of(const char* path) {
    const std::string file = path;
    const size_t slash = file.rfind('/');
    if (slash == file.npos || !file.ends_with(".xml")) return;
    const int folder = open(file.substr(0, slash).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return;
    fsync(folder);
    close(folder);
}

template <typename Function>
Function* next(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" int rename(const char* from, const char* to) noexcept {
    const int result = next<int(const char*, const char*)>("rename")(from, to);
    if (result == 0) sync_folder_of(to);
    return result;
}

extern "C" int unlink(const char* path) noexcept {
    const int result = next<int(const char*)>("unlink")(path);
    if (result == 0) sync_folder_of(path);
    return result;
}
