/**
 * What the web pages of Impala's daemons say, as records: read from JSON with patience, for pages
 * differ from version to version. A number may be text; what is missing, negative or of another
 * kind is unknown; what nobody asks for is skipped. Only what is no JSON object at all is refused,
 * with a {@link io.impalabalancer.health.page.PageException}.
 */
@NullMarked
package io.impalabalancer.health.page;

import org.jspecify.annotations.NullMarked;
