/** The interpreter of the system: its library is among the shared ones that every cell sees. */
export const pythonPath = "/usr/bin/python3";
