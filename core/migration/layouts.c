#include "migration/layout.h"

#include "base/util.h"

/* Detection and messages go by this order. */
const struct layout *const layouts[] = {
	&layout_native, &layout_dbmate, &layout_goose,   &layout_golang_migrate,
	&layout_sqlx,   &layout_flyway, &layout_diesel,  &layout_prisma,
	&layout_sqitch, &layout_rezoom, &layout_pattern, NULL,
};

const struct layout *layout_find(const char *name)
{
	for (size_t i = 0; layouts[i]; i++)
		if (streq(layouts[i]->name, name))
			return layouts[i];
	return NULL;
}
