/*
 * A mix of what firmware does all day, in 2 KB of data: linked lists (find, move, reverse, merge sort through a
 * comparator), small matrices of 16-bit numbers, a lexer written as a state machine, and a bitwise CRC over the
 * results of everything. Each part gets a similar share of the instructions.
 */
#include "guest.h"

/* CRC-16/CCITT, bit by bit. */
static uint16_t crc_byte(uint16_t crc, uint8_t byte)
{
	crc ^= (uint16_t)(byte << 8);
	for (int bit = 0; bit < 8; bit++) {
		crc = (uint16_t)((crc & 0x8000) ? (crc << 1) ^ 0x1021 : crc << 1);
	}
	return crc;
}

static uint16_t crc_half(uint16_t crc, uint32_t half)
{
	return crc_byte(crc_byte(crc, (uint8_t)(half >> 8)), (uint8_t)half);
}

static uint16_t crc_word(uint16_t crc, uint32_t word)
{
	return crc_half(crc_half(crc, word >> 16), word);
}

/* ---- Lists -------------------------------------------------------------------------------------------------- */

#define NODES 40

struct node {
	struct node *next;
	int16_t key;
	uint16_t value;
};

typedef int32_t (*compare_fn)(const struct node *a, const struct node *b);

static struct node nodes[NODES];

static int32_t by_key(const struct node *a, const struct node *b)
{
	return a->key - b->key;
}

/* By the value's low byte first. The key decides among equals, so that every order is total. */
static int32_t by_value(const struct node *a, const struct node *b)
{
	int32_t order = (int32_t)(a->value & 0xFF) - (int32_t)(b->value & 0xFF);

	if (order == 0) {
		order = (int32_t)(a->value >> 8) - (int32_t)(b->value >> 8);
	}
	return order != 0 ? order : by_key(a, b);
}

static struct node *list_make(uint32_t *seed)
{
	struct node *head = 0;

	for (int i = 0; i < NODES; i++) {
		/* 17 is prime to 40: every key once, in a scattered order. */
		nodes[i].key = (int16_t)(i * 17 % NODES);
		nodes[i].value = (uint16_t)next_random(seed);
		nodes[i].next = head;
		head = &nodes[i];
	}
	return head;
}

static struct node *list_reverse(struct node *list)
{
	struct node *done = 0;

	while (list) {
		struct node *next = list->next;

		list->next = done;
		done = list;
		list = next;
	}
	return done;
}

/* Finds a key and moves its node to the front, as a cache does. */
static struct node *list_touch(struct node *list, int16_t key)
{
	struct node **link = &list;
	struct node *found;

	while (*link && (*link)->key != key) {
		link = &(*link)->next;
	}
	found = *link;
	if (found && found != list) {
		*link = found->next;
		found->next = list;
		list = found;
	}
	return list;
}

static struct node *list_merge(struct node *a, struct node *b, compare_fn compare)
{
	struct node *head = 0;
	struct node **tail = &head;

	while (a && b) {
		struct node **from = compare(a, b) <= 0 ? &a : &b;

		*tail = *from;
		tail = &(*from)->next;
		*from = *tail;
	}
	*tail = a ? a : b;
	return head;
}

/* Merge sort: the runs that wait hold 1, 2, 4 ... nodes, like the digits of a counter. */
static struct node *list_sort(struct node *list, compare_fn compare)
{
	struct node *runs[8] = {0};
	struct node *sorted = 0;

	while (list) {
		struct node *run = list;
		int i = 0;

		list = list->next;
		run->next = 0;
		while (runs[i]) {
			run = list_merge(runs[i], run, compare);
			runs[i++] = 0;
		}
		runs[i] = run;
	}
	for (int i = 0; i < 8; i++) {
		sorted = list_merge(runs[i], sorted, compare);
	}
	return sorted;
}

static uint16_t list_crc(const struct node *list, uint16_t crc)
{
	for (; list; list = list->next) {
		crc = crc_half(crc, (uint32_t)(uint16_t)list->key ^ list->value);
	}
	return crc;
}

static uint16_t list_part(uint16_t crc, uint32_t seed)
{
	struct node *list = list_make(&seed);

	for (int i = 0; i < 24; i++) {
		/* Every fourth key is not there. */
		list = list_touch(list, (int16_t)((i & 3) == 3 ? NODES + i : (int32_t)(next_random(&seed) % NODES)));
	}
	crc = crc_half(crc, (uint16_t)list->key);
	list = list_sort(list_reverse(list), by_value);
	crc = list_crc(list, crc);
	list = list_sort(list, by_key);
	return crc_half(crc, list->value);
}

/* ---- Matrices ----------------------------------------------------------------------------------------------- */

#define SIZE 9

typedef int16_t matrix[SIZE][SIZE];

static matrix left, right;
static int32_t product[SIZE][SIZE];

static void matrix_fill(matrix m, uint32_t *seed)
{
	for (int i = 0; i < SIZE; i++) {
		for (int j = 0; j < SIZE; j++) {
			m[i][j] = (int16_t)(next_random(seed) & 0x3FF) - 512;
		}
	}
}

static void matrix_add(matrix m, int16_t scalar)
{
	for (int i = 0; i < SIZE; i++) {
		for (int j = 0; j < SIZE; j++) {
			m[i][j] = (int16_t)(m[i][j] + scalar);
		}
	}
}

static void matrix_multiply(void)
{
	for (int i = 0; i < SIZE; i++) {
		for (int j = 0; j < SIZE; j++) {
			int32_t sum = 0;

			for (int k = 0; k < SIZE; k++) {
				sum += left[i][k] * right[k][j];
			}
			product[i][j] = sum;
		}
	}
}

/* Fixed point: each product loses six bits before it is added. */
static void matrix_multiply_scaled(void)
{
	for (int i = 0; i < SIZE; i++) {
		for (int j = 0; j < SIZE; j++) {
			int32_t sum = 0;

			for (int k = 0; k < SIZE; k++) {
				sum += (left[i][k] * right[k][j]) >> 6;
			}
			product[i][j] = sum;
		}
	}
}

static void matrix_transpose(matrix m)
{
	for (int i = 0; i < SIZE; i++) {
		for (int j = 0; j < i; j++) {
			int16_t t = m[i][j];

			m[i][j] = m[j][i];
			m[j][i] = t;
		}
	}
}

static int32_t clamp(int32_t value, int32_t low, int32_t high)
{
	return value < low ? low : value > high ? high : value;
}

/* The product goes back into the left factor, saturated. */
static void matrix_take_back(int shift)
{
	for (int i = 0; i < SIZE; i++) {
		for (int j = 0; j < SIZE; j++) {
			left[i][j] = (int16_t)clamp(product[i][j] >> shift, -4096, 4095);
		}
	}
}

static uint16_t matrix_crc(uint16_t crc)
{
	for (int i = 0; i < SIZE; i++) {
		uint32_t row = 0;

		for (int j = 0; j < SIZE; j++) {
			row = fold(row, (uint32_t)product[i][j]);
		}
		crc = crc_word(crc, row);
	}
	return crc;
}

static uint16_t matrix_part(uint16_t crc, uint32_t seed)
{
	matrix_fill(left, &seed);
	matrix_fill(right, &seed);
	matrix_multiply();
	crc = matrix_crc(crc);
	matrix_take_back(9);
	matrix_add(left, (int16_t)(seed & 63));
	matrix_transpose(right);
	matrix_multiply_scaled();
	return matrix_crc(crc);
}

/* ---- A lexer ------------------------------------------------------------------------------------------------ */

enum state { START, NAME, ZERO, DECIMAL, HEX, FRACTION, EXPONENT, STRING, STRING_ESCAPE, COMMENT, INVALID, STATES };

static const char text[] =
	"gain=0x1F;offset=-12;limit=4095 # raw\n"
	"unit=\"deg \\\"C\\\"\";rate=2.5e3;hi=99.75\n"
	"t0 = 0; t1 = 17; t2 = 0xbeef; 9lives\n"
	"label=\"north wall\"; scale=1e-2, 31.4.1\n";

static char line[sizeof(text)];
static uint32_t ended_in[STATES];

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static int is_separator(char c)
{
	return c == ' ' || c == '\n' || c == '=' || c == ';' || c == ',';
}

static int32_t hex_digit(char c)
{
	if (is_digit(c)) {
		return c - '0';
	}
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads one token from *at on; says in which state it ended and leaves a number's digits in *number. */
static enum state next_token(const char **at, uint32_t *number)
{
	const char *p = *at;
	enum state state = START;
	uint32_t value = 0;

	for (; *p; p++) {
		char c = *p;

		switch (state) {
		case START:
			if (c == '0') {
				state = ZERO;
			} else if (is_digit(c)) {
				state = DECIMAL;
				value = (uint32_t)(c - '0');
			} else if (is_letter(c)) {
				state = NAME;
			} else if (c == '"') {
				state = STRING;
			} else if (c == '#') {
				state = COMMENT;
			} else if (!is_separator(c) && c != '-' && c != '+') {
				state = INVALID;
			}
			continue;
		case COMMENT:
			if (c == '\n') {
				break;
			}
			continue;
		case STRING:
			if (c == '\\') {
				state = STRING_ESCAPE;
			} else if (c == '"') {
				p++;
				break;
			}
			continue;
		case STRING_ESCAPE:
			state = STRING;
			continue;
		default:
			if (is_separator(c)) {
				break;
			}
			switch (state) {
			case NAME:
				if (!is_letter(c) && !is_digit(c)) {
					state = INVALID;
				}
				break;
			case ZERO:
				if (c == 'x') {
					state = HEX;
					break;
				}
				/* fall through */
			case DECIMAL:
				if (is_digit(c)) {
					state = DECIMAL;
					value = value * 10 + (uint32_t)(c - '0');
				} else {
					state = c == '.' ? FRACTION : c == 'e' ? EXPONENT : INVALID;
				}
				break;
			case HEX:
				if (hex_digit(c) >= 0) {
					value = value * 16 + (uint32_t)hex_digit(c);
				} else {
					state = INVALID;
				}
				break;
			case FRACTION:
				if (is_digit(c)) {
					value = value * 10 + (uint32_t)(c - '0');
				} else {
					state = c == 'e' ? EXPONENT : INVALID;
				}
				break;
			case EXPONENT:
				if (!is_digit(c) && c != '-' && c != '+') {
					state = INVALID;
				}
				break;
			default:
				break;
			}
			continue;
		}
		break;
	}
	*at = p;
	*number = value;
	return state;
}

static uint16_t lex(uint16_t crc)
{
	const char *at = line;
	uint32_t sum = 0;

	while (*at) {
		uint32_t number;
		enum state state = next_token(&at, &number);

		ended_in[state]++;
		sum = fold(sum, number + (uint32_t)state);
	}
	return crc_word(crc, sum);
}

static uint16_t text_part(uint16_t crc, uint32_t seed)
{
	for (int i = 0; i < STATES; i++) {
		ended_in[i] = 0;
	}
	for (uint32_t i = 0; i < sizeof(text); i++) {
		line[i] = text[i];
	}
	crc = lex(crc);
	/* More and more bit errors, as on a line: the lexer must take everything but the end. */
	for (uint32_t stride = 23; stride >= 11; stride -= 4) {
		for (uint32_t i = seed % stride; i < sizeof(text) - 1; i += stride) {
			char broken = (char)(line[i] ^ (1 << (seed & 3)));

			line[i] = broken ? broken : ' ';
		}
		crc = lex(crc);
		next_random(&seed);
	}
	for (int i = 0; i < STATES; i++) {
		crc = crc_half(crc, ended_in[i]);
	}
	return crc;
}

/* The CRC of everything, and the number of rounds above it. */
EXPORT(run) int32_t guest_coremix_run(int32_t rounds)
{
	uint32_t seed = 0x5EED1234u;
	uint16_t crc = 0xFFFF;

	for (int32_t i = 0; i < rounds; i++) {
		crc = list_part(crc, next_random(&seed));
		crc = matrix_part(crc, next_random(&seed));
		crc = text_part(crc, next_random(&seed));
	}
	return (int32_t)((uint32_t)rounds << 16 | crc);
}
