/** Condition keys by which a demand tells the warehouse's judge more than its names. */
export const demandKeys = {
  columns: "odps:columns",
  onBehalfOf: "odps:onbehalfof",
  current: "odps:current",
} as const;
