#include "postgres/lib.h"

#include <dlfcn.h>
#include <string.h>

#include "base/util.h"

struct pg_lib pg_lib;

static const struct {
	const char *name;
	size_t offset;
} functions[] = {
#define FUNCTION(type, name, args) { #name, offsetof(struct pg_lib, name) },
	PG_LIB_FUNCTIONS(FUNCTION)
#undef FUNCTION
};

struct err *pg_lib_load(void)
{
	struct pg_lib loaded;
	void *library;

	if (pg_lib.PQlibVersion)
		return NULL;
	library = dlopen("libpq.so.5", RTLD_LAZY | RTLD_LOCAL);
	if (!library)
		return err_hint(err_new(ERR_TARGET,
					"PostgreSQL's client library cannot be "
					"loaded: %s",
					dlerror()),
				"install libpq5");
	for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
		void *symbol = dlsym(library, functions[i].name);

		if (!symbol)
			return err_hint(err_new(ERR_TARGET,
						"PostgreSQL's client library "
						"has no %s",
						functions[i].name),
					"install libpq 14 or later");
		memcpy((char *)&loaded + functions[i].offset, &symbol,
		       sizeof(symbol));
	}
	pg_lib = loaded; /* stays open until the program ends */
	return NULL;
}
