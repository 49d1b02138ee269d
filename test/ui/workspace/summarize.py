GREETING = "Say hello."

PROMPT = "Analyze the two reports, compare their figures and explain which one is right."

print(GREETING, PROMPT)
